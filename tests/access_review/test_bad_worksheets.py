"""Worksheets that came back otherwise than they went: each is refused with its place, and nothing of it is imported."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from driftline.access_review.cells import neutral, original
from driftline.access_review.cycle import open_cycle
from driftline.access_review.importing import import_worksheet
from driftline.access_review.worksheet import export
from driftline.errors import WorksheetError
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from tests.access_review.conftest import CLIENT, OPENED_AT, QUARTER, Open, Reviewed
from tests.access_review.filling import decide, suggested, write
from tests.conftest import make_settings

IMPORTED_AT = datetime(2026, 11, 20, 18, tzinfo=UTC)
ADMINS, STAFF, REST = "ceo@aegean.example", "admin", "cfo@aegean.example"
ACCOUNTING = "accounting1@aegean.example"
NOON = datetime(2026, 11, 20, 12)  # noqa: DTZ001  as a spreadsheet has it


@pytest.fixture(scope="module")
def filled(pg_server, read_client, tmp_path_factory) -> Open:
    """One open review for all of this module, its worksheet decided whole; no test may change the warehouse."""
    template, _, folder = read_client
    from tests.conftest import run_autocommit

    name = "bad_worksheets"
    run_autocommit(pg_server.url(), f'create database "{name}" template "{template}"')
    settings = make_settings(pg_server.url(name), build_folder=folder / "build", policies_from=folder / "policies")
    open_cycle(settings, client_id=CLIENT, quarter=QUARTER, by="K. Ioannou", now=OPENED_AT)
    sheets = tmp_path_factory.mktemp("sheets")
    (exported,) = export(settings, client_id=CLIENT, quarter=QUARTER, folder=sheets, now=OPENED_AT)
    decide(exported.files[0], suggested, at=NOON)
    yield Open(warehouse=Reviewed(url=settings.warehouse_url, settings=settings), exported=exported)
    run_autocommit(pg_server.url(), f'drop database "{name}" with (force)')


def refused(filled: Open, path: Path) -> str:
    with pytest.raises(WorksheetError) as caught:
        import_worksheet(
            filled.warehouse.settings, client_id=CLIENT, quarter=QUARTER, path=path, by="M. Papas", sign_off="T-1",
            now=IMPORTED_AT,
        )  # fmt: skip
    assert filled.warehouse.rows("select count(*) from ops.access_import") == [(0,)]
    assert filled.warehouse.rows("select count(*) from ops.access_decision") == [(0,)]
    return str(caught.value)


def merged(book: Workbook) -> None:
    book[STAFF].merge_cells("K5:L6")


def renamed_column(book: Workbook) -> None:
    book[STAFF]["K2"] = "verdict"


def one_more_column(book: Workbook) -> None:
    book[STAFF]["Q2"] = "remarks"


def beside(book: Workbook) -> None:
    book[STAFF]["Q7"] = "see mail"


def extra_sheet(book: Workbook) -> None:
    copy = book.copy_worksheet(book[STAFF])
    copy.title = "Notes"


def words(book: Workbook) -> None:
    book.create_sheet("Notes").append(["call Anna"])


def date_as_text(book: Workbook) -> None:
    write(book[STAFF], 4, decided_at="20/11/2026")


def until_as_text(book: Workbook) -> None:
    row = next(row for row in range(3, 99) if book[ADMINS].cell(row, 3).value == "conflict")
    write(book[ADMINS], row, until="next year")


def formula(book: Workbook) -> None:
    write(book[STAFF], 4, note='=HYPERLINK("https://example.org","see")')


def wrong_hash(book: Workbook) -> None:
    for sheet in book.worksheets:
        sheet["E1"] = "0" * 64


def other_quarter(book: Workbook) -> None:
    for sheet in book.worksheets:
        sheet["C1"] = "2026Q3"


def no_title(book: Workbook) -> None:
    book[STAFF]["A1"] = "My access list"


def by_the_subject(book: Workbook) -> None:
    write(book[STAFF], 3, decided_by=ACCOUNTING.upper())


def by_nobody_known(book: Workbook) -> None:
    write(book[STAFF], 3, decided_by="somebody@else.example")


def by_an_administrator(book: Workbook) -> None:
    write(book[ADMINS], 3, decided_by="admin")


def other_user(book: Workbook) -> None:
    book[STAFF]["D3"] = "nobody@aegean.example"


def other_suggestion(book: Workbook) -> None:
    book[STAFF]["I3"] = "keep"


def unknown_line(book: Workbook) -> None:
    book[STAFF]["A3"] = 9999


def line_twice(book: Workbook) -> None:
    for column in range(1, 17):
        book[STAFF].cell(4, column).value = book[STAFF].cell(3, column).value


def other_word(book: Workbook) -> None:
    write(book[STAFF], 3, decision="revoke")  # it is an account


def against_the_suggestion(book: Workbook) -> None:
    write(book[STAFF], 3, decision="keep", note=None)


def half_filled(book: Workbook) -> None:
    write(book[STAFF], 3, decision=None)


def to_come(book: Workbook) -> None:
    write(book[STAFF], 3, decided_at=NOON.replace(day=21))


def before_it_was_frozen(book: Workbook) -> None:
    write(book[STAFF], 3, decided_at=NOON.replace(day=19, hour=23, minute=59))


def too_many_rows(book: Workbook) -> None:
    for number in range(100_000):
        book[STAFF].append([number, "staff"])


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (merged, "sheet 'admin', row 5, column K: merged cells K5:L6."),
        (renamed_column, "sheet 'admin', row 2, column K: expected 'decision', found 'verdict'."),
        (one_more_column, "sheet 'admin', row 2, column Q: expected nothing, found 'remarks'."),
        (beside, "sheet 'admin', row 7, column Q: beside the exported columns."),
        (extra_sheet, "sheet 'Notes', row 1, column A: this sheet was not exported."),
        (words, "sheet 'Notes', row 1, column A: expected 'driftline access review', found 'call Anna'."),
        (date_as_text, "sheet 'admin', row 4, column N (decided at): '20/11/2026' is text, not a date."),
        (until_as_text, "column P (until): 'next year' is text, not a date."),
        (formula, "sheet 'admin', row 4, column L: a formula."),
        (wrong_hash, "row 1, column E: the hash is not that of the frozen roster"),
        (other_quarter, "row 1, columns B to D: aegean, 2026Q3, part 1 is not this review."),
        (no_title, "sheet 'admin', row 1, column A: expected 'driftline access review', found 'My access list'."),
        (by_the_subject, f"sheet 'admin', row 3, column M (decided by): {ACCOUNTING} decides about their own access."),
        (by_nobody_known, "row 3, column M (decided by): 'somebody@else.example' is no active user of this client"),
        (by_an_administrator, f"sheet '{ADMINS}', row 3, column M (decided by): admin is an administrator"),
        (other_user, "sheet 'admin', row 3, column D (user): 'nobody@aegean.example' is not a user of this line"),
        (other_suggestion, "sheet 'admin', row 3, column I (suggestion): 'keep' is not what was exported, "),
        (unknown_line, "sheet 'admin', row 3, column A (line): '9999' is no line of this sheet."),
        (line_twice, "sheet 'admin', row 4, column A (line): line 21 stands in sheet 'admin', row 3, column A (line)"),
        (other_word, "sheet 'admin', row 3, column K (decision): 'revoke' is none of keep, deactivate, ask."),
        (against_the_suggestion, "row 3, column L (note): keeping against the suggestion 'deactivate' needs a note."),
        (half_filled, "sheet 'admin', row 3, column K (decision): no decision, but something under 'decided by'."),
        (to_come, "sheet 'admin', row 3, column N (decided at): 2026-11-21 12:00 has not come yet."),
        (before_it_was_frozen, "row 3, column N (decided at): 2026-11-19 lies before the roster was frozen."),
        (too_many_rows, "column A (line): there are more rows than the roster's 62."),
    ],
)  # fmt: skip
def test_a_spoilt_workbook_is_refused_with_its_place(
    filled: Open, tmp_path: Path, spoil: Callable[[Workbook], None], said: str
):
    book = load_workbook(filled.workbook)
    spoil(book)
    book.save(tmp_path / "back.xlsx")
    assert said in refused(filled, tmp_path / "back.xlsx")


def test_macros_are_refused_by_name_and_by_content(filled: Open, tmp_path: Path):
    content = filled.workbook.read_bytes()
    (tmp_path / "back.xlsm").write_bytes(content)
    assert "back.xlsm: '.xlsm' is not taken" in refused(filled, tmp_path / "back.xlsm")
    (tmp_path / "back.xlsx").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "back.xlsx", "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0")
    assert "back.xlsx: it holds macros (xl/vbaproject.bin)" in refused(filled, tmp_path / "back.xlsx")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 broken"])
def test_what_is_no_workbook_is_refused(filled: Open, tmp_path: Path, content: bytes):
    (tmp_path / "back.xlsx").write_bytes(content)
    assert "back.xlsx: no workbook" in refused(filled, tmp_path / "back.xlsx")


@pytest.mark.parametrize(
    ("row", "column", "value", "said"),
    [
        (1, 4, "f" * 64, "sheet 'CSV', row 1, column E: the hash is not that of the frozen roster"),
        (1, 9, "user", "sheet 'CSV', row 2, column J: expected 'reason', found 'user'."),
        (4, 11, "=1+1", "sheet 'CSV', row 5, column L: a formula."),
        (4, 13, "20.11.2026", "sheet 'CSV', row 5, column N (decided at): '20.11.2026' is text, not a date."),
        (4, 3, "x", "sheet 'CSV', row 5, column D (user): 'x' is not a user of this line"),
    ],
)  # fmt: skip
def test_a_spoilt_csv_is_refused_with_its_place(filled: Open, tmp_path: Path, row, column, value, said):
    with filled.csv.open(newline="") as file:
        rows = list(csv.reader(file))
    rows[4][10:14] = ["keep", "needed", REST, "2026-11-20"]
    rows[0 if row == 1 and column == 4 else row][column] = value
    with (tmp_path / "back.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    assert said in refused(filled, tmp_path / "back.csv")


def test_all_problems_of_a_worksheet_are_told_at_once(filled: Open, tmp_path: Path):
    book = load_workbook(filled.workbook)
    date_as_text(book)
    by_nobody_known(book)
    book.save(tmp_path / "back.xlsx")
    said = refused(filled, tmp_path / "back.xlsx")
    assert "row 3, column M (decided by)" in said
    assert "row 4, column N (decided at)" in said


@given(st.text())
def test_a_neutral_cell_begins_no_formula_and_says_the_same(text: str):
    shown = neutral(text)
    assert not shown.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    assert not any(ord(letter) < 32 or ord(letter) == 127 for letter in shown)
    assert neutral(original(shown)) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [("=1+1", "'=1+1"), ("+49 30", "'+49 30"), ("-5", "'-5"), ("@SUM(A1)", "'@SUM(A1)"), ("\t=1", "' =1"),
     ("\r=1", "' =1"), ("  =1", "'  =1"), ("Anna", "Anna"), ("a\nb", "a b"), (None, ""), (7, "7")],
)  # fmt: skip
def test_dangerous_beginnings_get_an_apostrophe(text, shown):
    assert neutral(text) == shown
