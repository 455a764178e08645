"""Stacked bars as inline SVG: how much, made of what. Curves over time are `charts`'; colours, the stylesheet's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_LABEL, _RIGHT, _ROW, _BAR, _TOP = 130, 44, 26, 16, 4


@dataclass(frozen=True)
class Bar:
    """One row: a label and its parts in order, each a stylesheet class with a count."""

    label: str
    parts: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        return sum(count for _, count in self.parts)


def stacked(bars: Sequence[Bar], *, title: str, width: int, name: str, key: str) -> Markup:
    """Draw the rows to one scale, each with its total at its end; `key` and `name` keep ids on one page apart."""
    most = max((bar.total for bar in bars), default=0) or 1
    scale = (width - _LABEL - _RIGHT) / most
    height = _TOP + _ROW * len(bars)
    rows = Markup("").join(_row(bar, _TOP + _ROW * place, scale) for place, bar in enumerate(bars))
    told = "; ".join(f"{bar.label}: " + ", ".join(f"{count:,} {part}" for part, count in bar.parts) for bar in bars)
    mark = f"{key}-{name}"
    return Markup(
        '<svg viewBox="0 0 {width} {height}" role="img" aria-labelledby="{mark}-title {mark}-desc"'
        ' class="chart {name}"><title id="{mark}-title">{title}</title>'
        '<desc id="{mark}-desc">{told}.</desc>{rows}</svg>'
    ).format(width=width, height=height, mark=mark, name=name, title=title, told=told, rows=rows)


def _row(bar: Bar, top: float, scale: float) -> Markup:
    left, parts = float(_LABEL), []
    for part, count in bar.parts:
        if count:
            parts.append(
                Markup('<rect class="part {part}" x="{x}" y="{y}" width="{width}" height="{height}"></rect>').format(
                    part=part, x=f"{left:.1f}", y=top, width=f"{count * scale:.1f}", height=_BAR
                )
            )
            left += count * scale
    text = Markup('<text x="{x}" y="{y}" class="{kind}">{text}</text>')
    label = text.format(x=_LABEL - 8, y=top + 13, kind="mark end", text=escape(bar.label))
    total = text.format(x=f"{left + 6:.1f}", y=top + 13, kind="mark", text=f"{bar.total:,}")
    return Markup("").join([label, *parts, total])
