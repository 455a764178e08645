"""Calling Odoo over the network: one small protocol, errors told apart, retries, and a budget of calls per second.

What is asked for is decided in `remote`; how a request looks on the wire, in `rpc` and `json2`.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from driftline.catalogue import OdooVersion
from driftline.errors import SourceAccessDenied, SourceError, SourceShapeError, SourceUnavailable
from driftline.sources.base import Footprint
from driftline.watching import Deadline

log = logging.getLogger(__name__)

_FIRST_LINE_LENGTH = 160
_LONGEST_PAUSE_SECONDS = 60.0


class PageTooLarge(SourceUnavailable):
    """The server gave up over one page (timeout, 413, 504, connection cut): ask for less at once."""


class ServerBusy(SourceUnavailable):
    """The server, or what stands before it, asks to come back later."""

    def __init__(self, message: str, *, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class ModelForbidden(SourceAccessDenied):
    """The account may not read this model; the login itself is good."""


class SessionEnded(SourceUnavailable):
    """The session is gone: log in again, once."""


class Caller(Protocol):
    """A logged-in connection to one Odoo database."""

    transport: str
    version: OdooVersion
    footprint: Footprint
    user_id: int | None  # whose login it is, where the protocol says so

    def call(self, model: str, method: str, arguments: Mapping[str, Any]) -> Any:
        """Call a model's method with named arguments; raise a SourceError subclass for anything but its answer."""

    def server_time(self) -> datetime | None:
        """Give the server's own clock as of its last answer, if it told."""

    def close(self) -> None:
        """End the session."""


class Budget:
    """At most so many calls per second and so many at once, however many threads ask, and none after the deadline."""

    def __init__(self, calls_per_second: float, concurrent_calls: int = 2, *, deadline: Deadline | None = None) -> None:
        self.concurrent_calls = concurrent_calls
        self._deadline = deadline
        self._seconds_between = 1.0 / calls_per_second
        self._next_at = 0.0
        self._lock = threading.Lock()
        self._slots = threading.Semaphore(concurrent_calls)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for this call's turn; hold one of the slots while it lasts."""
        with self._slots:
            with self._lock:
                now = time.monotonic()
                turn_at = max(now, self._next_at)
                self._next_at = turn_at + self._seconds_between
            if turn_at > now:
                time.sleep(turn_at - now)
            if self._deadline is not None:
                self._deadline.check()
            yield

    def patience(self, seconds: float) -> float:
        """Say how long an answer may be waited for: so many seconds, or what is left until the deadline."""
        return seconds if self._deadline is None else max(0.1, min(seconds, self._deadline.seconds_left))


@dataclass(frozen=True)
class Answer:
    """An HTTP answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def server_time(self) -> datetime | None:
        """Read the `Date` header."""
        try:
            return parsedate_to_datetime(self.headers.get("Date") or self.headers.get("date") or "").astimezone(UTC)
        except (TypeError, ValueError):
            return None

    def json(self) -> Any:
        """Parse the body; what is no JSON is an error that quotes its first line."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise self.refusal() from None

    def _retry_after(self) -> float:
        # Seconds; the form with a date is rare enough to be left to the growing pauses.
        asked = str(self.headers.get("Retry-After") or self.headers.get("retry-after") or "")
        return float(asked) if asked.isdigit() else 0.0

    def refusal(self) -> SourceError:
        """Say what an answer means that is not the one wanted."""
        line = first_line(self.body)
        if self.status in {408, 413, 504}:
            return PageTooLarge(f"the server gave up ({self.status}): {line}.")
        if self.status == 429 or self.status >= 500:
            return ServerBusy(f"the server answers {self.status}: {line}.", retry_after_seconds=self._retry_after())
        if self.status in {401, 403}:
            return SourceAccessDenied(f"the server refuses ({self.status}): {line}.")
        return SourceUnavailable(f"the answer ({self.status}) is no JSON; it begins: {line}.")


def first_line(body: bytes) -> str:
    """Quote the beginning of a body that was not expected."""
    text = body[:2000].decode("utf-8", "replace").strip()
    return (next(iter(text.splitlines()), "") or "nothing")[:_FIRST_LINE_LENGTH].rstrip(".")


_DENIED = {"odoo.exceptions.AccessDenied", "werkzeug.exceptions.Unauthorized"}
_SHAPE = {"builtins.ValueError", "builtins.KeyError", "builtins.TypeError", "builtins.AttributeError"}


def odoo_error(name: str, message: str) -> SourceError:
    """Turn the name of an exception on the server into what the caller should do."""
    text = first_line(message.encode())
    if name in _DENIED:
        return SourceAccessDenied(f"Odoo refused the login: {text}.", hint="Check the login and key in its connection.")
    if name == "odoo.exceptions.AccessError" or name.endswith("Forbidden"):
        return ModelForbidden(f"the account may not read it: {text}.")
    if name.endswith("SessionExpiredException"):
        return SessionEnded("the session has ended.")
    if name.startswith("psycopg2."):
        return SourceUnavailable(f"its database refused: {text}.")
    if name in _SHAPE or name.endswith(("NotFound", "UserError", "ValidationError")):
        return SourceShapeError(f"Odoo does not understand the question: {text}.")
    return SourceUnavailable(f"Odoo failed ({name}): {text}.")


def with_retries(
    call: Callable[[], Any],
    *,
    footprint: Footprint,
    is_page: bool = False,
    attempts: int = 4,
    first_pause_seconds: float = 0.5,
) -> Any:
    """Repeat what is worth repeating, with growing and jittered pauses, at least as long as the server asks for.

    With `is_page`, an answer that was too large is the caller's business: it asks for less.
    """

    def is_worth_it(error: BaseException) -> bool:
        return isinstance(error, SourceUnavailable) and not (is_page and isinstance(error, PageTooLarge))

    def count(_: object) -> None:
        footprint.add(retries=1)

    jittered = wait_exponential_jitter(initial=first_pause_seconds, max=20, jitter=first_pause_seconds)

    def pause(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = getattr(error, "retry_after_seconds", None) or 0.0
        return max(jittered(state), min(asked, _LONGEST_PAUSE_SECONDS))

    return Retrying(
        retry=retry_if_exception(is_worth_it),
        stop=stop_after_attempt(attempts),
        wait=pause,
        before_sleep=count,
        reraise=True,
    )(call)
