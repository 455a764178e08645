"""The two years that a ticket trend compares, and its interval, as inline SVG. The chart of weeks is `charts`'s."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from driftline.review_page import words
from driftline.review_page.charts import Panel, grid, tag, ticks
from driftline.review_page.rows import TicketPeriod, TicketTrend

_YEAR, _BLOCK = 52, 4
_TOP, _HEIGHT, _SCALE_GAP, _SCALE_HEIGHT, _BOTTOM = 24, 130, 62, 26, 30


def two_years(weeks: Sequence[TicketPeriod], trend: TicketTrend, *, width: int, name: str) -> Markup | None:
    """Draw the four-week sums of the last 52 complete weeks over those of the 52 before, and the change's interval.

    None where there are no 104 complete weeks or no interval: nothing was compared.
    """
    complete = [week.opened_count for week in weeks if week.is_period_complete][-2 * _YEAR :]
    if len(complete) < 2 * _YEAR or trend.change_low_pct is None or trend.change_high_pct is None:
        return None
    earlier, recent = _blocks(complete[:_YEAR]), _blocks(complete[_YEAR:])
    panel = Panel(_TOP, _HEIGHT, width, 0, len(recent), ticks(max(*earlier, *recent))[-1])
    top = _TOP + _HEIGHT + _SCALE_GAP
    drawing = [
        tag("title", {"id": f"{name}-title"}, "The last 52 weeks against the 52 before, and the change in a year"),
        tag("desc", {"id": f"{name}-desc"}, _describe(earlier, recent, trend)),
        grid(panel, "tickets in four weeks"),
        _steps(panel, earlier, "earlier"),
        _steps(panel, recent, "recent"),
        *_scale(trend, width=width, top=top),
    ]
    attributes: dict[str, object] = {
        "viewBox": f"0 0 {width} {top + _SCALE_HEIGHT + _BOTTOM:g}",
        "role": "img",
        "aria-labelledby": f"{name}-title {name}-desc",
        "class": f"chart {name.split('-')[0]}",
    }
    return tag("svg", attributes, *drawing)


def _blocks(weekly: Sequence[int]) -> list[int]:
    return [sum(weekly[start : start + _BLOCK]) for start in range(0, len(weekly), _BLOCK)]


def _describe(earlier: Sequence[int], recent: Sequence[int], trend: TicketTrend) -> str:
    pairs = ", ".join(f"{before} then {now}" for before, now in zip(earlier, recent, strict=True))
    return f"Four-week sums, a year before and now: {pairs}. {trend.trend}: {trend.reason}."


def _steps(panel: Panel, sums: Sequence[int], kind: str) -> Markup:
    corners = [
        f"{panel.x(block + side):.1f},{panel.y(count):.1f}" for block, count in enumerate(sums) for side in (0, 1)
    ]
    return tag("polyline", {"class": f"line {kind}", "points": " ".join(corners)})


def _scale(trend: TicketTrend, *, width: int, top: float) -> list[Markup]:
    """Draw the interval on a scale of per cent a year, over the zone that is called flat."""
    low, high, change = trend.change_low_pct or 0.0, trend.change_high_pct or 0.0, trend.change_pct or 0.0
    reach = max(abs(low), abs(high), trend.flat_within_pct * 1.5)
    middle, half = (width + 28) / 2, (width - 44) / 2

    def x(pct: float) -> float:
        return middle + pct / reach * half

    line = top + _SCALE_HEIGHT / 2
    zone = {"class": "flat-zone", "x": x(-trend.flat_within_pct), "y": top, "height": _SCALE_HEIGHT}
    return [
        tag("text", {"x": 36, "y": top - 12, "class": "caption"}, "change in a year with its 95 % interval"),
        tag("rect", {**zone, "width": x(trend.flat_within_pct) - x(-trend.flat_within_pct)}),
        tag("line", {"class": "axis", "x1": x(0), "x2": x(0), "y1": top, "y2": top + _SCALE_HEIGHT}),
        tag("line", {"class": "interval", "x1": x(low), "x2": x(high), "y1": line, "y2": line}),
        tag("circle", {"class": "change", "cx": x(change), "cy": line, "r": 5}),
        *(
            tag("text", {"x": x(pct), "y": top + _SCALE_HEIGHT + 16, "class": "mark middle"}, f"{_signed(pct)} %")
            for pct in (-trend.flat_within_pct, 0.0, trend.flat_within_pct)
        ),
    ]


def _signed(pct: float) -> str:
    return words.number(pct, is_signed=True)
