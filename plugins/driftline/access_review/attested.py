"""Privileged access outside of Odoo, which nobody here can read: rows that somebody attests, from a CSV file."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

from driftline.errors import WorksheetError

COLUMNS = ("kind", "system", "account", "person", "right", "attested_by", "attested_on")
KINDS = ("database", "host", "identity provider", "support firm")
_LARGEST_FILE = 4 * 1024 * 1024


def read_attested(path: Path) -> list[tuple[str, ...]]:
    """Read attested rows; raise WorksheetError that names row and column, with nothing taken."""
    try:
        content = path.read_bytes()
        if len(content) > _LARGEST_FILE:
            raise WorksheetError(f"{path.name}: {len(content) // 1024 // 1024} MB is no list of accounts.")
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise WorksheetError(f"{path.name}: no CSV that can be read: {error}.") from None
    if not rows or tuple(rows[0]) != COLUMNS:
        raise WorksheetError(f"{path.name}: row 1: expected the columns {', '.join(COLUMNS)}.")
    return [_row(path, number, row) for number, row in enumerate(rows[1:], start=2) if any(row)]


def _row(path: Path, number: int, row: list[str]) -> tuple[str, ...]:
    cells = tuple(cell.strip() for cell in row)
    where = f"{path.name}: row {number}"
    if len(cells) != len(COLUMNS):
        raise WorksheetError(f"{where}: {len(cells)} columns, expected {len(COLUMNS)}.")
    for column, cell in zip(COLUMNS, cells, strict=True):
        if not cell:
            raise WorksheetError(f"{where}, column {column}: empty.")
    if cells[0] not in KINDS:
        raise WorksheetError(f"{where}, column kind: '{cells[0]}' is none of {', '.join(KINDS)}.")
    try:
        date.fromisoformat(cells[-1])
    except ValueError:
        raise WorksheetError(f"{where}, column attested_on: '{cells[-1]}' is no date such as 2026-09-30.") from None
    return cells
