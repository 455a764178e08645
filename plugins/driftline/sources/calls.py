"""Calling Odoo over the network: one small protocol, errors told apart, retries, and a budget of calls per second.

What is asked for is decided in `remote`; how a request looks on the wire, in `rpc` and `json2`.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from driftline.catalogue import OdooVersion
from driftline.errors import SourceAccessDenied, SourceError, SourceShapeError, SourceUnavailable

log = logging.getLogger(__name__)

_FIRST_LINE_LENGTH = 160


class PageTooLarge(SourceUnavailable):
    """The server gave up over one page (timeout, 413, 504, connection cut): ask for less at once."""


class ModelForbidden(SourceAccessDenied):
    """The bot may not read this model; the login itself is good."""


class SessionEnded(SourceUnavailable):
    """The session is gone: log in again, once."""


@dataclass
class Footprint:
    """What reading costs the client's server."""

    calls: int = 0
    retries: int = 0
    bytes_received: int = 0
    seconds_waited: float = 0.0


class Caller(Protocol):
    """A logged-in connection to one Odoo database."""

    version: OdooVersion
    footprint: Footprint

    def call(self, model: str, method: str, arguments: Mapping[str, Any]) -> Any:
        """Call a model's method with named arguments; raise a SourceError subclass for anything but its answer."""

    def server_time(self) -> datetime | None:
        """Give the server's own clock as of its last answer, if it told."""

    def close(self) -> None:
        """End the session."""


@dataclass
class Budget:
    """At most so many calls per second, however many threads ask."""

    calls_per_second: float
    _next_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self) -> None:
        """Wait for this call's turn."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next_at)
            self._next_at = turn + 1.0 / self.calls_per_second
        if turn > now:
            time.sleep(turn - now)


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

    def refusal(self) -> SourceError:
        """Say what an answer means that is not the one wanted."""
        line = first_line(self.body)
        if self.status in {408, 413, 504}:
            return PageTooLarge(f"the server gave up ({self.status}): {line}.")
        if self.status == 429 or self.status >= 500:
            return SourceUnavailable(f"the server answers {self.status}: {line}.")
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
        return ModelForbidden(f"the bot may not read it: {text}.")
    if name.endswith("SessionExpiredException"):
        return SessionEnded("the session has ended.")
    if name.startswith("psycopg2."):
        return SourceUnavailable(f"its database refused: {text}.")
    if name in _SHAPE or name.endswith(("NotFound", "UserError", "ValidationError")):
        return SourceShapeError(f"Odoo does not understand the question: {text}.")
    return SourceUnavailable(f"Odoo failed ({name}): {text}.")


def with_retries(
    call: Callable[[], Any], *, footprint: Footprint, attempts: int = 4, first_pause_seconds: float = 0.5
) -> Any:
    """Repeat what is worth repeating, with growing and jittered pauses; an over-large page is the caller's business."""

    def is_worth_it(error: BaseException) -> bool:
        return isinstance(error, SourceUnavailable) and not isinstance(error, PageTooLarge)

    def count(_: object) -> None:
        footprint.retries += 1

    return Retrying(
        retry=retry_if_exception(is_worth_it),
        stop=stop_after_attempt(attempts),
        wait=wait_exponential_jitter(initial=first_pause_seconds, max=20, jitter=first_pause_seconds),
        before_sleep=count,
        reraise=True,
    )(call)
