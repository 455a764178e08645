"""Watching a reading while it goes on: progress for people, and the moment at which it has to stop.

A watch is told the model and how many of its rows have passed; it is called often and must be quick.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from driftline.errors import OutOfTimeError

log = logging.getLogger(__name__)

Watch = Callable[[str, int], None]

_SECONDS_BETWEEN_LINES = 15.0


def unwatched(model: str, row_count: int) -> None:
    """Tell nobody."""


@dataclass
class Deadline:
    """Stops a reading whose time is over."""

    at: float  # of time.monotonic()
    reason: str

    def __call__(self, model: str, row_count: int) -> None:
        self.check(f"; it was at {model}, {row_count:,} rows")

    def check(self, where: str = "") -> None:
        """Raise OutOfTimeError once the time is over."""
        if time.monotonic() > self.at:
            raise OutOfTimeError(
                f"{self.reason}{where}.",
                hint="Nothing of it was kept. Raise the limit in clients.yml, or look at what slows its server.",
            )

    @property
    def seconds_left(self) -> float:
        return max(0.0, self.at - time.monotonic())


@dataclass
class LogProgress:
    """Writes a line to the log now and then while a large model is read."""

    client_id: str
    _model: str = ""
    _began: float = 0.0
    _told: float = field(default_factory=time.monotonic)

    def __call__(self, model: str, row_count: int) -> None:
        now = time.monotonic()
        if model != self._model:
            self._model, self._began = model, now
        if now - self._told >= _SECONDS_BETWEEN_LINES:
            self._told = now
            rate = row_count / max(now - self._began, 0.001)
            log.info("%s: %s: %d rows so far, %.0f rows/s", self.client_id, model, row_count, rate)


def all_of(*watches: Watch) -> Watch:
    """Make one watch of several."""

    def watch(model: str, row_count: int) -> None:
        for each in watches:
            each(model, row_count)

    return watch
