"""What a report says, before it is known which module each of its names belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from driftline.errors import ReportError

Kind = Literal["cobertura", "coverage.py", "junit", "odoo log"]


@dataclass(frozen=True)
class LineCount:
    """Lines that tests ran through, of those that could be."""

    covered: int = 0
    total: int = 0

    def __add__(self, other: LineCount) -> LineCount:
        return LineCount(self.covered + other.covered, self.total + other.total)


@dataclass(frozen=True)
class TestCount:
    """Tests by outcome; failed and skipped ones are among those run."""

    __test__ = False

    run: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: TestCount) -> TestCount:
        return TestCount(self.run + other.run, self.failed + other.failed, self.skipped + other.skipped)


@dataclass(frozen=True)
class Facts:
    """One report: lines by source path, or tests by dotted name; `reported_at` is its own time, if it tells one."""

    kind: Kind
    reported_at: datetime | None = None
    lines: Mapping[str, LineCount] = field(default_factory=dict)
    tests: Mapping[str, TestCount] = field(default_factory=dict)


def believable_rate(text: str, *, what: str) -> None:
    """Refuse a share of lines outside of 0 to 1; an empty one says nothing."""
    if not text:
        return
    try:
        rate = float(text)
    except ValueError:
        raise ReportError(f"{what} is '{text}', which is no number.") from None
    if not 0 <= rate <= 1:
        raise ReportError(f"{what} claims {rate * 100:g} %; a share lies between 0 and 100 %.")


def believable_time(moment: datetime | None, *, now: datetime) -> datetime | None:
    """Refuse a report from the future, a day of difference between clocks and zones aside."""
    if moment is not None and moment > now + timedelta(days=1):
        raise ReportError(f"it says that it was made on {moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC, in the future.")
    return moment
