"""A reviewer's hand: decisions written into an exported workbook, as a spreadsheet would save them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from driftline.access_review.cells import COLUMNS
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

FIRST_ROW = 3
UNTIL = datetime(2027, 3, 31)  # noqa: DTZ001  as a spreadsheet has it
SUGGESTED = {"keep": "keep", "revoke": "revoke", "deactivate": "deactivate", "ask": "keep"}


def lines(book: Workbook) -> Iterator[tuple[Worksheet, int, dict[str, Any]]]:
    for sheet in book.worksheets:
        for row in range(FIRST_ROW, sheet.max_row + 1):
            yield sheet, row, {name: sheet.cell(row, at).value for at, name in enumerate(COLUMNS, start=1)}


def write(sheet: Worksheet, row: int, **cells: Any) -> None:
    for name, value in cells.items():
        sheet.cell(row, COLUMNS.index(name.replace("_", " ")) + 1).value = value


def decide(path: Path, choose: Callable[[dict[str, Any]], str | None], *, at: datetime) -> None:
    """Decide each line as `choose` says, by its reviewer, a minute apart."""
    book = load_workbook(path)
    for number, (sheet, row, cells) in enumerate(lines(book)):
        decision = choose(cells)
        if decision is None:
            continue
        moment = at.replace(hour=at.hour + number // 60, minute=number % 60)
        note = "asked the team" if decision in ("keep", "resolve") else None
        write(sheet, row, decision=decision, note=note, decided_by=cells["reviewer"], decided_at=moment)
        if decision == "accept":
            write(sheet, row, owner="K. Ioannou", until=UNTIL)
    book.save(path)


def suggested(cells: dict[str, Any]) -> str:
    """Follow the suggestion; keep what should be asked, accept every conflict."""
    return "accept" if cells["kind"] == "conflict" else SUGGESTED[cells["suggestion"]]
