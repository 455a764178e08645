"""What the page says about drift: signals in their order, differences by area, the plan by effort. No SQL, no HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from driftline.review_page import words
from driftline.review_page.rows import AreaDrift, Currency, Impact, Signal

EFFORTS = ("large", "medium", "unknown", "small", "none")

# The six signals in their fixed order, with the question that each one answers.
_SIGNALS = {
    "workarounds": ("Workarounds", "Does work go around the system?"),
    "version_lag": ("Version lag", "How many releases behind?"),
    "optimisation_deferred": ("Optimisation deferred", "Do agreed improvements lie untouched?"),
    "reporting_ages": ("Reporting that ages", "Do reports stand still while their data change?"),
    "ticket_queue": ("Ticket queue", "Does the queue grow?"),
    "compliance_posture": ("Compliance posture", "How many people have access that breaks a rule?"),
}


@dataclass(frozen=True)
class SignalLine:
    """One signal, ready to be written."""

    label: str
    question: str
    value: str
    previous: str
    verdict: str
    reason: str


@dataclass(frozen=True)
class AreaBar:
    """One area's differences from a baseline, and where they come from."""

    area: str
    explained: int
    unexplained: int
    lost_at_update: int
    origins: tuple[str, ...]

    @property
    def total(self) -> int:
        return self.explained + self.unexplained


@dataclass(frozen=True)
class BaselineDrift:
    """How far a client is from one baseline."""

    name: str
    on: date
    bars: tuple[AreaBar, ...]

    @property
    def total(self) -> int:
        return sum(bar.total for bar in self.bars)


@dataclass(frozen=True)
class Plan:
    """The work for one later version: how much of which effort, and the items that are more than nothing."""

    release: str
    is_latest: bool
    counts: tuple[tuple[str, int], ...]
    items: tuple[Impact, ...]


@dataclass(frozen=True)
class Drift:
    """All that the page's sections on drift need."""

    currency: Currency | None
    signals: tuple[SignalLine, ...]
    baselines: tuple[BaselineDrift, ...]
    plans: tuple[Plan, ...]


def compose(
    currencies: Sequence[Currency], signals: Sequence[Signal], areas: Sequence[AreaDrift], impacts: Sequence[Impact]
) -> Drift:
    """Put published rows into the sections' own terms."""
    rows = {row.signal: row for row in signals}
    return Drift(
        currency=currencies[0] if currencies else None,
        signals=tuple(_line(rows[code], *texts) for code, texts in _SIGNALS.items() if code in rows),
        baselines=tuple(
            _baseline(name, on, areas) for name, on in dict.fromkeys((a.baseline, a.baseline_on) for a in areas)
        ),
        plans=tuple(_plan(release, impacts) for release in dict.fromkeys(impact.target_release for impact in impacts)),
    )


def _line(row: Signal, label: str, question: str) -> SignalLine:
    unit = words.unit_of(row.unit)
    return SignalLine(
        label=label,
        question=question,
        value=words.value_text(row.value, unit) + (unit.after_value if row.value is not None else ""),
        previous=words.value_text(row.previous_value, unit),
        verdict=row.verdict,
        reason=row.reason,
    )


def _baseline(name: str, on: date, areas: Sequence[AreaDrift]) -> BaselineDrift:
    own = [row for row in areas if row.baseline == name]
    bars = [_bar(area, [row for row in own if row.area == area]) for area in dict.fromkeys(row.area for row in own)]
    return BaselineDrift(name, on, tuple(sorted(bars, key=lambda bar: (-bar.total, bar.area))))


def _bar(area: str, rows: Sequence[AreaDrift]) -> AreaBar:
    return AreaBar(
        area=area,
        explained=sum(row.explained_count for row in rows),
        unexplained=sum(row.unexplained_count for row in rows),
        lost_at_update=sum(row.lost_at_update_count for row in rows),
        origins=tuple(row.origin for row in rows if row.difference_count),
    )


def _plan(release: str, impacts: Sequence[Impact]) -> Plan:
    own = [impact for impact in impacts if impact.target_release == release]
    efforts = [impact.effort for impact in own]
    return Plan(
        release=release,
        is_latest=any(impact.is_latest_release for impact in own),
        counts=tuple((effort, efforts.count(effort)) for effort in EFFORTS),
        items=tuple(impact for impact in own if impact.effort != "none"),
    )
