"""The page's charts as inline SVG, drawn by hand (docs/adr/0010): no fonts, scripts, styles or links of their own.

Colours and type come from the page's stylesheet through classes.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from driftline.review_page.rows import TicketPeriod

_LEFT, _RIGHT, _TOP, _GAP, _BOTTOM = 36, 8, 24, 40, 24
_FLOW_HEIGHT, _BACKLOG_HEIGHT = 190, 110
_LABEL_WIDTH = 58
_DAYS_A_WEEK = 7


@dataclass(frozen=True)
class Panel:
    """One plot area: maps days to x and counts to y."""

    top: float
    height: float
    width: float
    first_day: int
    day_count: int
    maximum: int

    def x(self, day: float) -> float:
        return _LEFT + (day - self.first_day) / self.day_count * (self.width - _LEFT - _RIGHT)

    def y(self, count: float) -> float:
        return self.top + self.height * (1 - count / self.maximum)


def ticket_flow(weeks: Sequence[TicketPeriod], *, width: int, name: str) -> Markup:
    """Draw opened (bars) and closed (line) per week above the backlog at each week's end; `weeks` is in order.

    `name` keeps the ids of two drawings on one page apart.
    """
    first, last = weeks[0].period_start_on.toordinal(), weeks[-1].period_start_on.toordinal() + _DAYS_A_WEEK
    flow_top = ticks(max(max(week.opened_count, week.closed_count) for week in weeks))[-1]
    backlog_top = ticks(max(week.backlog_count for week in weeks))[-1]
    flow = Panel(_TOP, _FLOW_HEIGHT, width, first, last - first, flow_top)
    backlog = Panel(_TOP + _FLOW_HEIGHT + _GAP, _BACKLOG_HEIGHT, width, first, last - first, backlog_top)
    height = backlog.top + backlog.height + _BOTTOM
    parts = [
        tag("title", {"id": f"{name}-title"}, "Tickets opened and closed per week, and backlog"),
        tag("desc", {"id": f"{name}-desc"}, describe(weeks)),
        grid(flow, "tickets a week"),
        grid(backlog, "open tickets at the week's end"),
        _quarter_lines(weeks, flow, backlog),
        *(_bar(week, flow) for week in weeks),
        _line(weeks, flow, lambda week: week.closed_count, "closed"),
        _area(weeks, backlog),
        _line(weeks, backlog, lambda week: week.backlog_count, "backlog"),
    ]
    return tag(
        "svg",
        {
            "viewBox": f"0 0 {width} {height:g}",
            "role": "img",
            "aria-labelledby": f"{name}-title {name}-desc",
            "class": f"chart {name}",
        },
        *parts,
    )


def describe(weeks: Sequence[TicketPeriod]) -> str:
    """Say in words what the chart shows, for those who do not see it."""
    peak = max(weeks, key=lambda week: week.backlog_count)
    opened, closed = [week.opened_count for week in weeks], [week.closed_count for week in weeks]
    return (
        f"{len(weeks)} weeks from {weeks[0].period} to {weeks[-1].period}. "
        f"Opened: {sum(opened):,} in all, between {min(opened):,} and {max(opened):,} a week. "
        f"Closed: {sum(closed):,} in all, between {min(closed):,} and {max(closed):,} a week. "
        f"Backlog: {weeks[-1].backlog_count:,} at the end, highest {peak.backlog_count:,} in {peak.period}."
    )


def ticks(maximum: int) -> list[int]:
    """Give three to six round marks from 0 up to at least `maximum`."""
    rough = max(maximum, 1) / 4
    magnitude = 10 ** math.floor(math.log10(rough)) if rough >= 1 else 1
    step = max(1, next(int(factor * magnitude) for factor in (1, 2, 2.5, 5, 10) if factor * magnitude >= rough))
    return list(range(0, math.ceil(max(maximum, 1) / step) * step + 1, step))


def grid(panel: Panel, caption: str) -> Markup:
    marks = [
        tag("line", {"class": "axis" if tick == 0 else "grid", **_ends(panel, tick)})
        + tag("text", {"x": _LEFT - 6, "y": panel.y(tick) + 4, "class": "mark end"}, f"{tick:,}")
        for tick in ticks(panel.maximum)
    ]
    return Markup("").join([*marks, tag("text", {"x": _LEFT, "y": panel.top - 10, "class": "caption"}, caption)])


def _ends(panel: Panel, tick: int) -> dict[str, object]:
    return {"x1": _LEFT, "x2": panel.width - _RIGHT, "y1": panel.y(tick), "y2": panel.y(tick)}


def _quarter_lines(weeks: Sequence[TicketPeriod], top: Panel, bottom: Panel) -> Markup:
    """Mark where quarters begin; leave out labels that would touch."""
    starts = [
        week
        for before, week in itertools.pairwise(weeks)
        if (before.period_start_on.month - 1) // 3 != (week.period_start_on.month - 1) // 3
    ]
    parts, free_from = [], -math.inf
    for week in starts:
        x = top.x(week.period_start_on.toordinal())
        for panel in (top, bottom):
            parts.append(tag("line", {"class": "grid", "x1": x, "x2": x, "y1": panel.top, "y2": panel.y(0)}))
        if x >= free_from and x + _LABEL_WIDTH - 8 <= top.width:
            label = f"{week.period_start_on.year}Q{(week.period_start_on.month - 1) // 3 + 1}"
            parts.append(tag("text", {"x": x + 3, "y": bottom.y(0) + 17, "class": "mark"}, label))
            free_from = x + _LABEL_WIDTH
    return Markup("").join(parts)


def _bar(week: TicketPeriod, panel: Panel) -> Markup:
    day = week.period_start_on.toordinal()
    left, right, y = panel.x(day + 0.7), panel.x(day + _DAYS_A_WEEK - 0.7), panel.y(week.opened_count)
    kind = "opened" if week.is_period_complete else "opened partial"
    return tag("rect", {"class": kind, "x": left, "y": y, "width": right - left, "height": panel.y(0) - y})


def _points(weeks: Sequence[TicketPeriod], panel: Panel, count: Callable[[TicketPeriod], int]) -> list[str]:
    middle = _DAYS_A_WEEK / 2
    return [f"{panel.x(week.period_start_on.toordinal() + middle):.1f},{panel.y(count(week)):.1f}" for week in weeks]


def _line(weeks: Sequence[TicketPeriod], panel: Panel, count: Callable[[TicketPeriod], int], kind: str) -> Markup:
    points = _points(weeks, panel, count)
    x, y = points[-1].split(",")
    return tag("polyline", {"class": f"line {kind}", "points": " ".join(points)}) + tag(
        "circle", {"class": f"end-dot {kind}", "cx": x, "cy": y, "r": 3}
    )


def _area(weeks: Sequence[TicketPeriod], panel: Panel) -> Markup:
    points = _points(weeks, panel, lambda week: week.backlog_count)
    left, right = points[0].split(",")[0], points[-1].split(",")[0]
    corners = [f"{left},{panel.y(0):.1f}", *points, f"{right},{panel.y(0):.1f}"]
    return tag("polygon", {"class": "area", "points": " ".join(corners)})


def tag(name: str, attributes: dict[str, object], *children: object) -> Markup:
    pairs = "".join(f' {key}="{escape(_short(value))}"' for key, value in attributes.items())
    inner = "".join(escape(child) for child in children)
    return Markup(f"<{name}{pairs}>{inner}</{name}>")  # noqa: S704 - every part was escaped above


def _short(value: object) -> object:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else value
