"""Who works for a client whose Odoo does not tell: a list from a CSV file, taken in whole or not at all.

What follows from it is dbt's question (`int_access__employee`). The review's own roster of access is `access_review`'s.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from psycopg2.extras import execute_values

from driftline.errors import ConfigError, StaffListError
from driftline.registry import load_registry
from driftline.warehouse import Role, connect, hold_for_transaction

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from driftline.settings import Settings

COLUMNS = ("person", "login", "manager", "department", "job", "company", "left_on")
_LARGEST_FILE = 16 * 1024 * 1024
_LONGEST_CELL = 200


@dataclass(frozen=True)
class Imported:
    """What an import did; the list that holds already has `is_new` false and changed nothing."""

    client_id: str
    version: int
    row_count: int
    is_new: bool


@dataclass(frozen=True)
class _Member:
    """One line, in the order of `ops.staff_member`."""

    line: int
    person_name: str
    odoo_user_id: int | None
    manager_line: int | None
    department: str | None
    job: str | None
    odoo_company_id: int | None
    left_on: date | None


@dataclass(frozen=True)
class _Known:
    """Users and companies of the client as last read: name in Odoo → id; None for a name that stands for several."""

    users: Mapping[str, int | None]
    companies: Mapping[str, int | None]


def import_staff(settings: Settings, *, client_id: str, path: Path, by: str, now: datetime) -> Imported:
    """Take in a list in place of the one before; raise StaffListError that names file, line and column."""
    load_registry(settings.clients_file).client(client_id)
    content = _content(path)
    rows = _rows(path, content)
    digest = hashlib.sha256(content).hexdigest()
    with connect(settings, role=Role.LOADER, application="driftline staff list") as connection:
        cursor = connection.cursor()
        hold_for_transaction(cursor, f"driftline:staff-list:{client_id}")
        members = _members(path, rows, _known(cursor, client_id))
        return _store(cursor, client_id, path.name, digest, members, by=by, now=now)


def withdraw_staff(settings: Settings, *, client_id: str, by: str, now: datetime) -> Imported:
    """Take back the list that holds, so that Odoo's employees count again; raise ConfigError where none holds."""
    load_registry(settings.clients_file).client(client_id)
    with connect(settings, role=Role.LOADER, application="driftline staff list") as connection:
        cursor = connection.cursor()
        hold_for_transaction(cursor, f"driftline:staff-list:{client_id}")
        if _last(cursor, client_id)[2] == 0:
            raise ConfigError(f"client '{client_id}': no staff list holds.")
        return _store(cursor, client_id, "", "", [], by=by, now=now)


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StaffListError(f"{path.name}: cannot be read: {error.strerror}.") from None
    if len(content) > _LARGEST_FILE:
        raise StaffListError(f"{path.name}: {len(content) // 1024 // 1024} MB is no list of people.")
    return content


def _rows(path: Path, content: bytes) -> dict[int, dict[str, str]]:
    """Read the cells by line, as an editor counts them: no cell may break a line."""
    rows: dict[int, dict[str, str]] = {}
    try:
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        if tuple(next(reader, ())) != COLUMNS:
            raise StaffListError(f"{path.name}:1: expected the columns {','.join(COLUMNS)}.")
        for cells in reader:
            if cells:
                rows[reader.line_num] = _row(path, reader.line_num, cells)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise StaffListError(f"{path.name}:{line}: no UTF-8.", hint="Save it as CSV UTF-8.") from None
    except csv.Error as error:
        raise StaffListError(f"{path.name}:{reader.line_num}: no CSV: {error}.") from None
    if not rows:
        raise StaffListError(f"{path.name}: names nobody.", hint="--withdraw takes a list back.")
    return rows


def _row(path: Path, line: int, cells: list[str]) -> dict[str, str]:
    if len(cells) != len(COLUMNS):
        raise StaffListError(f"{path.name}:{line}: {len(cells)} columns, expected {len(COLUMNS)}.")
    row = {column: cell.strip() for column, cell in zip(COLUMNS, cells, strict=True)}
    for column, cell in row.items():
        if len(cell) > _LONGEST_CELL or not cell.isprintable():
            raise _refused(path, line, column, f"no text of at most {_LONGEST_CELL} letters on one line")
    if not row["person"]:
        raise _refused(path, line, "person", "empty")
    return row


def _members(path: Path, rows: Mapping[int, Mapping[str, str]], known: _Known) -> list[_Member]:
    lines: dict[str, int] = {}
    for line, row in rows.items():
        if row["person"] in lines:
            raise _refused(path, line, "person", f"'{row['person']}' stands in line {lines[row['person']]} already")
        lines[row["person"]] = line
    return [
        _Member(
            line=line,
            person_name=row["person"],
            odoo_user_id=_found(path, line, "login", row, known.users, "user"),
            manager_line=_manager(path, line, row, lines),
            department=row["department"] or None,
            job=row["job"] or None,
            odoo_company_id=_found(path, line, "company", row, known.companies, "company"),
            left_on=_day(path, line, row["left_on"]),
        )
        for line, row in rows.items()
    ]


def _found(
    path: Path, line: int, column: str, row: Mapping[str, str], known: Mapping[str, int | None], thing: str
) -> int | None:
    name = row[column]
    if not name:
        return None
    if name not in known:
        raise _refused(path, line, column, f"this client's Odoo has no {thing} '{name}'")
    if known[name] is None:
        raise _refused(path, line, column, f"this client's Odoo has several of the name '{name}'")
    return known[name]


def _manager(path: Path, line: int, row: Mapping[str, str], lines: Mapping[str, int]) -> int | None:
    manager = row["manager"]
    if not manager:
        return None
    if manager not in lines:
        raise _refused(path, line, "manager", f"no line is of the person '{manager}'")
    if lines[manager] == line:
        raise _refused(path, line, "manager", f"'{manager}' is the person itself")
    return lines[manager]


def _day(path: Path, line: int, text: str) -> date | None:
    if not text:
        return None
    try:
        if len(text) != len("2026-09-30"):
            raise ValueError("another form of date")
        return date.fromisoformat(text)
    except ValueError:
        raise _refused(path, line, "left_on", f"'{text}' is no day such as 2026-09-30") from None


def _refused(path: Path, line: int, column: str, words: str) -> StaffListError:
    return StaffListError(f"{path.name}:{line}: column {column}: {words}.")


def _known(cursor: Cursor, client_id: str) -> _Known:
    found = []
    for table, name in (("res_users", "login"), ("res_company", "name")):
        cursor.execute(
            f"select {name}, case when count(*) = 1 then min(id) end from raw.{table}"
            f" where client_id = %s and _deleted_at is null and {name} is not null group by {name}",
            (client_id,),
        )
        found.append(dict(cursor.fetchall()))
    if not found[0]:
        raise ConfigError(
            f"client '{client_id}': its users are not known yet.", hint=f"driftline extract --client {client_id}"
        )
    return _Known(*found)


def _last(cursor: Cursor, client_id: str) -> tuple[int, str, int]:
    cursor.execute(
        "select version, file_sha256, row_count from ops.staff_list where client_id = %s order by version desc limit 1",
        (client_id,),
    )
    return cursor.fetchone() or (0, "", 0)


def _store(
    cursor: Cursor, client_id: str, file_name: str, file_sha256: str, members: list[_Member], *, by: str, now: datetime
) -> Imported:
    version, known_sha256, row_count = _last(cursor, client_id)
    if known_sha256 == file_sha256 and version:
        return Imported(client_id, version, row_count, is_new=False)
    version += 1
    cursor.execute(
        "insert into ops.staff_list values (%s, %s, %s, %s, %s, %s, %s)",
        (client_id, version, file_name, file_sha256, now, by, len(members)),
    )
    if members:
        rows = [(client_id, version, *astuple(member)) for member in members]
        execute_values(cursor, "insert into ops.staff_member values %s", rows)
    return Imported(client_id, version, len(members), is_new=True)
