"""Faults that a test switches on while the server runs.

    planned = server.faults.add(Latency(2.0), model="res.partner", after=3, times=1)
    …
    assert planned.hits == 1

`after` lets so many matching calls pass first; `times=None` goes on until `remove` or `clear`. A call is matched by
model, method, protocol and beginning of the path, whichever are given. Several faults can meet in one call.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from demo.server.wire import HTML, Call, Response


@dataclass(frozen=True)
class Latency:
    """Wait before anything is done."""

    seconds: float


@dataclass(frozen=True)
class Instead:
    """Send this answer and do nothing."""

    response: Response


@dataclass(frozen=True)
class Truncated:
    """Send a complete HTTP answer whose body stops after this share."""

    share: float = 0.5


@dataclass(frozen=True)
class Dropped:
    """Close the connection after so many bytes of the body; None: before the first byte of the answer."""

    after_bytes: int | None = None


@dataclass(frozen=True)
class WrongPassword:
    """The password in the call is not right any more; sessions live on."""


@dataclass(frozen=True)
class ExpiredKey:
    """The API key in the call is not valid any more, as bearer or in place of the password."""


@dataclass(frozen=True)
class LostSession:
    """The session cookie is not known any more."""


@dataclass(frozen=True)
class NoRights:
    """The access rows for the called model are gone."""


@dataclass(frozen=True)
class Between:
    """Run a callback when the answer is ready and before it is sent: changes rows between two pages."""

    callback: Callable[[], object]


Fault = Latency | Instead | Truncated | Dropped | WrongPassword | ExpiredKey | LostSession | NoRights | Between


def _page(status: int, title: str) -> bytes:
    title = f"{status} {title}"
    head = f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
    return f"{head}<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n".encode()


def bad_gateway() -> Instead:
    return Instead(Response(502, _page(502, "Bad Gateway"), HTML))


def gateway_timeout() -> Instead:
    return Instead(Response(504, _page(504, "Gateway Time-out"), HTML))


def too_large() -> Instead:
    return Instead(Response(413, _page(413, "Request Entity Too Large"), HTML))


def too_many_requests(retry_after_seconds: int) -> Instead:
    headers = {"Retry-After": str(retry_after_seconds)}
    return Instead(Response(429, _page(429, "Too Many Requests"), HTML, headers))


def html_with_status_200(title: str = "Maintenance") -> Instead:
    page = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return Instead(Response(200, page.encode(), HTML))


@dataclass
class Planned:
    """A fault with the calls it is meant for; `seen` and `hits` count them."""

    fault: Fault
    model: str | None = None
    method: str | None = None
    protocol: str | None = None
    path: str | None = None
    after: int = 0
    times: int | None = 1
    seen: int = field(default=0, init=False)
    hits: int = field(default=0, init=False)

    def matches(self, call: Call) -> bool:
        wanted = ((self.model, call.model), (self.method, call.method), (self.protocol, call.protocol))
        return all(a is None or a == b for a, b in wanted) and call.path.startswith(self.path or "")


class Faults:
    """The faults of one server."""

    def __init__(self) -> None:
        self._planned: list[Planned] = []
        self._lock = threading.Lock()

    def add(
        self,
        fault: Fault,
        *,
        model: str | None = None,
        method: str | None = None,
        protocol: str | None = None,
        path: str | None = None,
        after: int = 0,
        times: int | None = 1,
    ) -> Planned:
        """Plan a fault; it may hit the next matching call already."""
        planned = Planned(fault, model, method, protocol, path, after, times)
        with self._lock:
            self._planned.append(planned)
        return planned

    def remove(self, planned: Planned) -> None:
        with self._lock:
            self._planned.remove(planned)

    def clear(self) -> None:
        with self._lock:
            self._planned.clear()

    def due(self, call: Call) -> list[Fault]:
        """The faults that hit this call; counts it for every fault it matches."""
        with self._lock:
            found = []
            for planned in self._planned:
                if not planned.matches(call):
                    continue
                planned.seen += 1
                if planned.seen > planned.after and (planned.times is None or planned.hits < planned.times):
                    planned.hits += 1
                    found.append(planned.fault)
            return found
