"""Reading a worksheet that came back: cells with their places. What they mean for a roster, `importing` knows.

Refused here: what is no such worksheet, macros, merged cells, formulas, other columns, a sheet that nobody sent out,
more rows than the roster has. Every message names sheet, row and column.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from driftline.access_review.cells import COLUMNS, TITLE
from driftline.errors import WorksheetError

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_LARGEST_FILE = 32 * 1024 * 1024
_LARGEST_CONTENT = 256 * 1024 * 1024
_EMPTY_ROWS = 1_000  # that a spreadsheet may leave below the last one


@dataclass(frozen=True)
class Place:
    """Where a cell is, in words that its reader finds it by."""

    sheet: str
    row: int
    column: str | None = None

    def __str__(self) -> str:
        letter = f", column {get_column_letter(COLUMNS.index(self.column) + 1)} ({self.column})" if self.column else ""
        return f"sheet '{self.sheet}', row {self.row}{letter}"


@dataclass(frozen=True)
class Row:
    """One filled row; text is stripped, an empty cell is None."""

    sheet: str
    number: int
    cells: Mapping[str, Any]

    def at(self, column: str | None = None) -> Place:
        return Place(self.sheet, self.number, column)


@dataclass(frozen=True)
class Read:
    """A worksheet as it came: what its first rows say of its roster, and its rows."""

    titles: Mapping[str, tuple[str, ...]]
    rows: tuple[Row, ...]


def read_worksheet(path: Path, content: bytes, *, row_limit: int) -> Read:
    """Read a workbook or a CSV file; raise WorksheetError at the first thing that makes it another's."""
    if len(content) > _LARGEST_FILE:
        raise WorksheetError(f"{path.name}: {len(content) // 1024 // 1024} MB is no worksheet of a roster.")
    kind = path.suffix.lower()
    if kind == ".csv":
        return _read_csv(path, content, row_limit)
    if kind != ".xlsx":
        raise WorksheetError(f"{path.name}: '{kind}' is not taken; what was exported is .xlsx or .csv, without macros.")
    _refuse_archive(path, content)
    _count(path, content, row_limit)
    book = _load(path, content, is_streamed=False)
    sheets = list(book.worksheets)
    if len(sheets) != len(book.sheetnames):
        raise WorksheetError(f"{path.name}: a sheet holds a chart or a dialogue, not rows.")
    titles, rows = {}, []
    for sheet in sheets:
        lines = _cells(sheet)
        titles[sheet.title], found = _take(sheet.title, lines, row_limit)
        rows += found
    return Read(titles, tuple(rows))


def refuse_sheets(path: Path, found: Collection[str], sent: Collection[str]) -> None:
    """Raise WorksheetError for a sheet that was not sent out."""
    for name in found:
        if name not in sent:
            raise WorksheetError(
                f"{path.name}: sheet '{name}', row 1, column A: this sheet was not exported.",
                hint=f"Known: {', '.join(sorted(sent))}.",
            )


def _refuse_archive(path: Path, content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile:
        raise WorksheetError(f"{path.name}: no workbook: the file is damaged, or protected by a password.") from None
    names = [member.filename.lower() for member in members]
    if macro := next((name for name in names if "vbaproject" in name or name.startswith("xl/macrosheets")), None):
        raise WorksheetError(f"{path.name}: it holds macros ({macro}); no sheet of it is read.")
    if external := next((name for name in names if "externallink" in name), None):
        raise WorksheetError(f"{path.name}: it refers to another file ({external}); no sheet of it is read.")
    if sum(member.file_size for member in members) > _LARGEST_CONTENT:
        raise WorksheetError(f"{path.name}: unpacked it is larger than any roster; no sheet of it is read.")


def _load(path: Path, content: bytes, *, is_streamed: bool) -> Any:
    try:
        return load_workbook(io.BytesIO(content), read_only=is_streamed, data_only=False, keep_links=False)
    # The library lets through whatever a damaged part makes it stumble over.
    except Exception as error:
        raise WorksheetError(f"{path.name}: no workbook that can be read ({type(error).__name__}).") from error


def _count(path: Path, content: bytes, row_limit: int) -> None:
    """Stream through the sheets first: what has far too many rows is never held in memory."""
    book = _load(path, content, is_streamed=True)
    for sheet in book.worksheets:
        sheet.reset_dimensions()
        filled = 0
        for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
            filled += any(value is not None for value in values)
            _refuse_too_many(sheet.title, number, filled - 2, row_limit)
            if number - filled > _EMPTY_ROWS:
                raise WorksheetError(f"{Place(sheet.title, number)}: more than {_EMPTY_ROWS} empty rows.")
    book.close()


def _refuse_too_many(sheet: str, number: int, filled: int, row_limit: int) -> None:
    if filled > row_limit:
        raise WorksheetError(
            f"{Place(sheet, number, COLUMNS[0])}: there are more rows than the roster's {row_limit}.",
            hint="Fill the exported worksheet; add no rows.",
        )


def _cells(sheet: Worksheet) -> Iterator[tuple[int, list[Any]]]:
    if merged := sorted(str(found) for found in sheet.merged_cells.ranges):
        first = sheet[merged[0].split(":")[0]]
        raise WorksheetError(
            f"sheet '{sheet.title}', row {first.row}, column {first.column_letter}: merged cells {merged[0]}.",
            hint="Undo the merge: one decision stands in one row.",
        )
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        for cell in cells:
            if cell.data_type == "f":
                raise WorksheetError(
                    f"sheet '{sheet.title}', row {number}, column {get_column_letter(cell.column)}: a formula.",
                    hint="Write the value itself.",
                )
            if cell.data_type == "e":
                raise WorksheetError(
                    f"sheet '{sheet.title}', row {number}, column {get_column_letter(cell.column)}: an error value."
                )
        yield number, [cell.value for cell in cells]


def _read_csv(path: Path, content: bytes, row_limit: int) -> Read:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise WorksheetError(f"{Place('CSV', row)}: not UTF-8.", hint="Save it as CSV UTF-8.") from None
    try:
        titles, rows = _take("CSV", _csv_cells(text), row_limit)
    except csv.Error as error:
        raise WorksheetError(f"{path.name}: no CSV that can be read: {error}.") from None
    return Read({"CSV": titles}, tuple(rows))


def _csv_cells(text: str) -> Iterator[tuple[int, list[Any]]]:
    for number, values in enumerate(csv.reader(io.StringIO(text), strict=True), start=1):
        for position, value in enumerate(values, start=1):
            if value.lstrip().startswith("="):
                raise WorksheetError(
                    f"sheet 'CSV', row {number}, column {get_column_letter(position)}: a formula.",
                    hint="Write the value itself.",
                )
        yield number, list(values)


def _take(sheet: str, lines: Iterable[tuple[int, list[Any]]], row_limit: int) -> tuple[tuple[str, ...], list[Row]]:
    title: tuple[str, ...] = ()
    rows: list[Row] = []
    for number, values in lines:
        cells = [_plain(value) for value in values]
        if number == 1:
            title = tuple("" if it is None else str(it) for it in cells[:5])
            if title[:1] != (TITLE,):
                raise WorksheetError(
                    f"sheet '{sheet}', row 1, column A: expected '{TITLE}', found '{_shown(cells[:1])}'.",
                    hint="Only what was exported is imported.",
                )
        elif number == 2:
            _refuse_columns(sheet, cells)
        elif any(cell is not None for cell in cells):
            if beside := [at for at, it in enumerate(cells) if at >= len(COLUMNS) and it is not None]:
                letter = get_column_letter(beside[0] + 1)
                raise WorksheetError(f"sheet '{sheet}', row {number}, column {letter}: beside the exported columns.")
            padded = (cells + [None] * len(COLUMNS))[: len(COLUMNS)]
            rows.append(Row(sheet, number, dict(zip(COLUMNS, padded, strict=True))))
            _refuse_too_many(sheet, number, len(rows), row_limit)
    if len(title) < 5:
        raise WorksheetError(f"sheet '{sheet}', row 1, column A: does not say which roster it belongs to.")
    return title, rows


def _refuse_columns(sheet: str, cells: list[Any]) -> None:
    named = list(cells)
    while named and named[-1] is None:
        named.pop()
    for position in range(max(len(named), len(COLUMNS))):
        expected = COLUMNS[position] if position < len(COLUMNS) else None
        found = named[position] if position < len(named) else None
        if found != expected:
            raise WorksheetError(
                f"sheet '{sheet}', row 2, column {get_column_letter(position + 1)}: expected"
                f" {repr(expected) if expected else 'nothing'}, found {repr(str(found)) if found else 'nothing'}.",
                hint="Columns keep their names and order.",
            )


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip() or None
    return value


def _shown(cells: list[Any]) -> str:
    return str(cells[0])[:40] if cells and cells[0] is not None else ""
