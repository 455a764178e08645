"""Worksheets for reviewers: one workbook with a sheet per reviewer, and the same rows as CSV.

The first row says which frozen roster a sheet belongs to; the cells that a reviewer fills are the only ones not locked.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from driftline.access_review import cycle, roster
from driftline.access_review.cells import COLUMNS, DECISIONS, LOCKED, OPEN, TITLE, neutral
from driftline.errors import ReviewCycleError
from driftline.registry import load_registry
from driftline.warehouse import Role, connect

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet
    from psycopg2.extensions import cursor as Cursor

    from driftline.settings import Settings

FIRST_ROW = 3  # after the roster's name and the columns' names
_WIDTHS = {"subject": 32, "reason": 48, "note": 40, "user": 28, "reviewer": 28, "decided by": 28, "decided at": 18}


@dataclass(frozen=True)
class Exported:
    """The files of one part of a roster."""

    client_id: str
    quarter: str
    part: int
    line_count: int
    roster_sha256: str
    files: tuple[Path, ...]


@dataclass(frozen=True)
class Part:
    """One part of a roster as a worksheet names it."""

    client_id: str
    quarter: str
    number: int
    roster_sha256: str

    @property
    def title(self) -> tuple[str, str, str, str, str]:
        return TITLE, self.client_id, self.quarter, f"part {self.number}", self.roster_sha256


def export(settings: Settings, *, client_id: str, quarter: str, folder: Path, now: datetime) -> list[Exported]:
    """Write each part's workbook and CSV, with what is decided already; freeze what was gained since, first."""
    cycle.add_gained(settings, client_id=client_id, quarter=quarter, now=now)
    zone = ZoneInfo(load_registry(settings.clients_file).client(client_id).timezone)
    folder.mkdir(parents=True, exist_ok=True)
    done = []
    with connect(settings, role=Role.PUBLISHER) as connection, connection.cursor() as cursor:
        decided = _decided(cursor, client_id, quarter, zone)
        for part in parts(cursor, client_id, quarter):
            lines = roster.frozen_lines(cursor, client_id, quarter, part.number)
            name = f"access-{client_id}-{quarter}-part{part.number}"
            files = folder / f"{name}.xlsx", folder / f"{name}.csv"
            write_workbook(files[0], part, lines, decided)
            write_csv(files[1], part, lines, decided)
            done.append(Exported(client_id, quarter, part.number, len(lines), part.roster_sha256, files))
    return done


def parts(cursor: Cursor, client_id: str, quarter: str) -> list[Part]:
    """List what was frozen; a roster that is no longer what its hash says is not handed out."""
    cursor.execute(
        "select part, roster_sha256 from ops.access_roster_part where client_id = %s and quarter = %s order by 1",
        (client_id, quarter),
    )
    found = [Part(client_id, quarter, number, digest) for number, digest in cursor.fetchall()]
    for part in found:
        lines = roster.frozen_lines(cursor, client_id, quarter, part.number)
        if roster.roster_sha256(client_id, quarter, part.number, lines) != part.roster_sha256:
            raise ReviewCycleError(
                f"part {part.number} of the roster is not what was frozen: its hash differs.", client_id=client_id
            )
    return found


def sheets(lines: Iterable[roster.Line]) -> dict[str, list[roster.Line]]:
    """Give each reviewer's sheet by its name; a name is at most 31 characters, and no two are the same."""
    found: dict[str, list[roster.Line]] = {}
    taken: set[str] = set()
    for reviewer, items in groupby(sorted(lines, key=lambda it: (it.reviewer, it.line)), key=lambda it: it.reviewer):
        stem = re.sub(r"[^\w.@-]", "_", reviewer)[:27].strip("'") or "reviewer"
        name = next(it for it in (stem, *(f"{stem}~{n}" for n in range(2, 100))) if it.lower() not in taken)
        taken.add(name.lower())
        found[name] = list(items)
    return found


def write_workbook(path: Path, part: Part, lines: list[roster.Line], decided: Mapping[int, tuple[Any, ...]]) -> None:
    """Write one part as a workbook."""
    book = Workbook()
    book.remove(book.active)
    for name, items in sheets(lines).items():
        _fill(book.create_sheet(name), part, items, decided)
    book.save(path)


def _fill(sheet: Worksheet, part: Part, lines: list[roster.Line], decided: Mapping[int, tuple[Any, ...]]) -> None:
    sheet.append(part.title)
    sheet.append(COLUMNS)
    is_open = Protection(locked=False)
    fill = PatternFill("solid", fgColor="FFF7DC")
    for row, line in enumerate(lines, start=FIRST_ROW):
        sheet.append((*locked_cells(line), *decided.get(line.line, (None,) * len(OPEN))))
        for column in range(len(LOCKED) + 1, len(COLUMNS) + 1):
            cell = sheet.cell(row, column)
            cell.protection, cell.fill = is_open, fill
        sheet.cell(row, COLUMNS.index("decided at") + 1).number_format = "yyyy-mm-dd hh:mm:ss"
        sheet.cell(row, COLUMNS.index("until") + 1).number_format = "yyyy-mm-dd"
    for kind, rows in _runs(lines):
        letter = get_column_letter(COLUMNS.index("decision") + 1)
        choice = DataValidation(type="list", formula1=f'"{",".join(DECISIONS[kind])}"', allow_blank=True)
        choice.error, choice.errorTitle, choice.showErrorMessage = "One of the list.", "Decision", True
        choice.add(f"{letter}{rows[0]}:{letter}{rows[1]}")
        sheet.add_data_validation(choice)
    for number, name in enumerate(COLUMNS, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = _WIDTHS.get(name, 13)
        heading = sheet.cell(2, number)
        heading.font, heading.alignment = Font(bold=True), Alignment(vertical="top")
    sheet.freeze_panes = f"A{FIRST_ROW}"
    sheet.protection.sheet = True


def _runs(lines: list[roster.Line]) -> Iterator[tuple[str, tuple[int, int]]]:
    first = FIRST_ROW
    for kind, items in groupby(lines, key=lambda it: it.kind):
        count = len(list(items))
        yield kind, (first, first + count - 1)
        first += count


def write_csv(path: Path, part: Part, lines: list[roster.Line], decided: Mapping[int, tuple[Any, ...]]) -> None:
    """Write one part as CSV: the roster's name, the columns' names, the lines."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(part.title)
    writer.writerow(COLUMNS)
    for line in lines:
        cells = decided.get(line.line, (None,) * len(OPEN))
        writer.writerow((*locked_cells(line), *("" if it is None else _iso(it) for it in cells)))
    path.write_text(text.getvalue(), encoding="utf-8")


def locked_cells(line: roster.Line) -> tuple[object, ...]:
    """Give the cells of a line that a reviewer does not fill."""
    words = (line.subject, line.subject_key, line.reviewer, line.suggestion, line.reason)
    return (line.line, line.roster, line.kind, neutral(line.login), line.odoo_user_id, *(neutral(it) for it in words))


def _iso(value: object) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _decided(cursor: Cursor, client_id: str, quarter: str, zone: ZoneInfo) -> dict[int, tuple[Any, ...]]:
    cursor.execute(
        "select line, decision, note, decided_by, decided_at, owner, until_on from ops.access_standing_decision"
        " where client_id = %s and quarter = %s",
        (client_id, quarter),
    )
    return {
        line: (decision, neutral(note) or None, neutral(who), at.astimezone(zone).replace(tzinfo=None),
               neutral(owner) or None, until)
        for line, decision, note, who, at, owner, until in cursor.fetchall()
    }  # fmt: skip
