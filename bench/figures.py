"""What a benchmark gives, and where it is written: JSON lines on stdout and in `bench/results/latest.jsonl`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "latest.jsonl"


@dataclass(frozen=True)
class Figure:
    """One measured value. `ratio` = value / that of `vs` in the same run; `limit` bounds the ratio, else the value."""

    name: str
    value: float
    unit: str
    vs: str | None = None
    ratio: float | None = None
    limit: float | None = None
    note: str = ""

    @property
    def is_within_limit(self) -> bool:
        """Whether the figure keeps its limit (true where it has none)."""
        measured = self.ratio if self.ratio is not None else self.value
        return self.limit is None or measured <= self.limit


def write(figures: list[Figure]) -> None:
    """Replace the latest results with these figures."""
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text("".join(line(figure) + "\n" for figure in figures))


def line(figure: Figure) -> str:
    """Give a figure as one JSON line."""
    return json.dumps({**asdict(figure), "ok": figure.is_within_limit})
