"""Taking decisions in: a worksheet is held against its frozen roster, and all of it is imported or nothing.

A file that was imported once is known by its hash and changes nothing again. An empty decision leaves what was decided
before; every version stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from psycopg2.extras import execute_values

from driftline.access_review import cycle, reading, roster, worksheet
from driftline.access_review.cells import DECISIONS, LOCKED, OPEN, neutral, original
from driftline.access_review.reading import Place, Read, Row
from driftline.errors import ReviewCycleError, WorksheetError
from driftline.registry import load_registry
from driftline.warehouse import Role, connect

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from driftline.settings import Settings

_NAMED = 20


@dataclass(frozen=True)
class Imported:
    """What an import did; a file that is known already has `is_new` false and changed nothing."""

    client_id: str
    quarter: str
    version: int
    part: int
    file_sha256: str
    is_new: bool
    decision_count: int
    unchanged_count: int


@dataclass(frozen=True)
class Decided:
    """One line's decision as a worksheet has it."""

    line: int
    decision: str
    decided_by: str
    decided_at: datetime
    note: str
    owner: str
    until_on: date | None


@dataclass(frozen=True)
class _People:
    """Who may decide, and whose access they may not: logins in lower case."""

    known: frozenset[str]
    administrators: frozenset[str]


class _RefusedError(Exception):
    """One cell that cannot be taken."""

    def __init__(self, place: Place, words: str) -> None:
        super().__init__(f"{place}: {words}")


def import_worksheet(
    settings: Settings, *, client_id: str, quarter: str, path: Path, by: str, sign_off: str, now: datetime
) -> Imported:
    """Import a worksheet; raise WorksheetError, with nothing imported, where any cell of it cannot be taken."""
    for words, option in ((by, "--by"), (sign_off, "--sign-off")):
        if not words.strip():
            raise ReviewCycleError(f"an import names its {option.strip('-')}.", hint=f"Give {option}.")
    zone = ZoneInfo(load_registry(settings.clients_file).client(client_id).timezone)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WorksheetError(f"{path.name}: cannot be read: {error.strerror}.") from None
    digest = hashlib.sha256(content).hexdigest()
    with (
        connect(settings, role=Role.PUBLISHER, application="driftline access import") as connection,
        connection.cursor() as cursor,
    ):
        cycle.hold(cursor, client_id, quarter)
        if known := _known_file(cursor, client_id, quarter, digest):
            return known
        parts = worksheet.parts(cursor, client_id, quarter)
        limit = max((len(roster.frozen_lines(cursor, client_id, quarter, it.number)) for it in parts), default=0)
        read = reading.read_worksheet(path, content, row_limit=limit)
        part = _part_of(path, read, parts)
        lines = roster.frozen_lines(cursor, client_id, quarter, part.number)
        sent = {"CSV": lines} if path.suffix.lower() == ".csv" else worksheet.sheets(lines)
        reading.refuse_sheets(path, read.titles, sent)
        frozen_at = _frozen_at(cursor, part)
        found = _judge(read, sent, _people(cursor, client_id, quarter), zone=zone, frozen_at=frozen_at, now=now)
        standing = _standing(cursor, client_id, quarter)
        new = [it for it in found if standing.get(it.line) != it]
        version = _store(cursor, part, path.name, digest, new, by=by.strip(), sign_off=sign_off.strip(), now=now)
    return Imported(client_id, quarter, version, part.number, digest, True, len(new), len(found) - len(new))


def _known_file(cursor: Cursor, client_id: str, quarter: str, digest: str) -> Imported | None:
    cursor.execute(
        "select version, part, decision_count from ops.access_import"
        " where client_id = %s and quarter = %s and file_sha256 = %s",
        (client_id, quarter, digest),
    )
    row = cursor.fetchone()
    return Imported(client_id, quarter, row[0], row[1], digest, False, 0, row[2]) if row else None


def _part_of(path: Path, read: Read, parts: list[worksheet.Part]) -> worksheet.Part:
    for sheet, title in read.titles.items():
        if title not in [part.title for part in parts]:
            named = next((part for part in parts if part.title[:4] == title[:4]), None)
            if named is None:
                raise WorksheetError(
                    f"sheet '{sheet}', row 1, columns B to D: {', '.join(title[1:4])} is not this review.",
                    hint="Give the client and quarter that the worksheet was exported for.",
                )
            raise WorksheetError(
                f"sheet '{sheet}', row 1, column E: the hash is not that of the frozen roster"
                f" ({named.roster_sha256[:12]}…).",
                hint="Export the worksheet again and copy the decisions over.",
            )
    if len(set(read.titles.values())) != 1:
        raise WorksheetError(f"{path.name}: its sheets belong to several parts of the roster.")
    title = next(iter(read.titles.values()))
    return next(part for part in parts if part.title == title)


def _frozen_at(cursor: Cursor, part: worksheet.Part) -> datetime:
    cursor.execute(
        "select frozen_at from ops.access_roster_part where client_id = %s and quarter = %s and part = %s",
        (part.client_id, part.quarter, part.number),
    )
    (frozen_at,) = cursor.fetchone() or (None,)
    assert isinstance(frozen_at, datetime)
    return frozen_at


def _people(cursor: Cursor, client_id: str, quarter: str) -> _People:
    cursor.execute(
        "select lower(login), exists (select from access.capability c where c.client_id = p.client_id"
        "  and c.odoo_user_id = p.odoo_user_id and c.area = 'administration')"
        " from staging.int_access__person p where client_id = %s and is_active and user_kind = 'internal'",
        (client_id,),
    )
    users = cursor.fetchall()
    found = cycle.find(cursor, client_id, quarter)
    known = {login for login, _ in users} | {found.owner, found.administrators_owner}
    return _People(frozenset(known), frozenset(login for login, is_administrator in users if is_administrator))


def _standing(cursor: Cursor, client_id: str, quarter: str) -> dict[int, Decided]:
    cursor.execute(
        "select line, decision, decided_by, decided_at, note, owner, until_on from ops.access_standing_decision"
        " where client_id = %s and quarter = %s",
        (client_id, quarter),
    )
    return {row[0]: Decided(*row) for row in cursor.fetchall()}


def _judge(
    read: Read, sent: Mapping[str, Iterable[roster.Line]], people: _People, *, zone: ZoneInfo, frozen_at: datetime,
    now: datetime,
) -> list[Decided]:  # fmt: skip
    expected = {sheet: {line.line: line for line in lines} for sheet, lines in sent.items()}
    seen: dict[int, Place] = {}
    found, problems = [], []
    for row in read.rows:
        try:
            line = _line_of(row, expected[row.sheet], seen)
            decided = _decision_of(row, line, people, zone=zone, frozen_at=frozen_at, now=now)
            if decided:
                found.append(decided)
        except _RefusedError as error:
            problems.append(str(error))
    if problems:
        more = f"; and {len(problems) - _NAMED} more" if len(problems) > _NAMED else ""
        raise WorksheetError(f"{'; '.join(problems[:_NAMED])}{more}.", hint="Nothing was imported.")
    return found


def _line_of(row: Row, expected: Mapping[int, roster.Line], seen: dict[int, Place]) -> roster.Line:
    place = row.at("line")
    try:
        line = expected[int(str(row.cells["line"]))]
    except (ValueError, KeyError):
        raise _RefusedError(place, f"'{_short(row.cells['line'])}' is no line of this sheet") from None
    if line.line in seen:
        raise _RefusedError(place, f"line {line.line} stands in {seen[line.line]} already")
    seen[line.line] = place
    for column, value in zip(LOCKED, worksheet.locked_cells(line), strict=True):
        given = row.cells[column]
        if ("" if given is None else str(given)) != str(value).strip():
            what = "is not a user of this line" if column in ("user", "user id") else "is not what was exported"
            raise _RefusedError(row.at(column), f"'{_short(given)}' {what}, '{_short(value)}' is")
    return line


def _decision_of(
    row: Row, line: roster.Line, people: _People, *, zone: ZoneInfo, frozen_at: datetime, now: datetime
) -> Decided | None:
    given = row.cells["decision"]
    if given is None:
        for column in OPEN:
            if row.cells[column] is not None:
                raise _RefusedError(row.at("decision"), f"no decision, but something under '{column}'")
        return None
    decision = str(given).lower()
    if decision not in DECISIONS[line.kind]:
        raise _RefusedError(row.at("decision"), f"'{_short(given)}' is none of {', '.join(DECISIONS[line.kind])}")
    note = original(str(row.cells["note"] or ""))
    if decision == "keep" and line.suggestion in ("revoke", "deactivate") and not note:
        raise _RefusedError(row.at("note"), f"keeping against the suggestion '{line.suggestion}' needs a note")
    owner, until = _acceptance(row, decision, zone=zone, now=now)
    return Decided(
        line=line.line, decision=decision, decided_by=_decider(row, line, people),
        decided_at=_decided_at(row, zone, frozen_at, now), note=note, owner=owner, until_on=until,
    )  # fmt: skip


def _decider(row: Row, line: roster.Line, people: _People) -> str:
    place = row.at("decided by")
    if row.cells["decided by"] is None:
        raise _RefusedError(place, "who decided is missing")
    who = original(str(row.cells["decided by"])).lower()
    if line.login and who == line.login.lower():
        raise _RefusedError(place, f"{who} decides about their own access")
    if who not in people.known:
        raise _RefusedError(place, f"'{_short(who)}' is no active user of this client and no reviewer of its policy")
    if line.roster == "administrators" and who in people.administrators:
        raise _RefusedError(place, f"{who} is an administrator and decides about none")
    return who


def _decided_at(row: Row, zone: ZoneInfo, frozen_at: datetime, now: datetime) -> datetime:
    place, value = row.at("decided at"), row.cells["decided at"]
    if value is None:
        raise _RefusedError(place, "when it was decided is missing")
    moment = _moment(value, row.sheet)
    if moment is None:
        raise _RefusedError(place, f"'{_short(value)}' is text, not a date")
    decided_at = moment.replace(tzinfo=zone)
    if decided_at > now:
        raise _RefusedError(place, f"{moment:%Y-%m-%d %H:%M} has not come yet")
    # A day without a time counts for the whole of it.
    if decided_at.date() < frozen_at.astimezone(zone).date():
        raise _RefusedError(place, f"{moment:%Y-%m-%d} lies before the roster was frozen")
    return decided_at


def _acceptance(row: Row, decision: str, *, zone: ZoneInfo, now: datetime) -> tuple[str, date | None]:
    owner, until = row.cells["owner"], row.cells["until"]
    if decision != "accept":
        for column in ("owner", "until"):
            if row.cells[column] is not None:
                raise _RefusedError(row.at(column), "goes with 'accept' only")
        return "", None
    if owner is None:
        raise _RefusedError(row.at("owner"), "who owns an accepted conflict is missing")
    if until is None:
        raise _RefusedError(row.at("until"), "until when a conflict is accepted is missing")
    moment = _moment(until, row.sheet)
    if moment is None:
        raise _RefusedError(row.at("until"), f"'{_short(until)}' is text, not a date")
    if moment.date() <= now.astimezone(zone).date():
        raise _RefusedError(row.at("until"), f"{moment:%Y-%m-%d} is over")
    return original(str(owner)), moment.date()


def _moment(value: Any, sheet: str) -> datetime | None:
    if isinstance(value, datetime):
        # Spreadsheets keep a fraction of a day: seconds come back a hair off.
        return (value + timedelta(milliseconds=500)).replace(microsecond=0, tzinfo=None)
    if isinstance(value, date):
        return datetime.combine(value, time())
    if isinstance(value, str) and sheet == "CSV":
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
        return moment if moment.tzinfo is None else None
    return None


def _store(
    cursor: Cursor, part: worksheet.Part, name: str, digest: str, new: list[Decided], *, by: str, sign_off: str,
    now: datetime,
) -> int:  # fmt: skip
    key = (part.client_id, part.quarter)
    cursor.execute(
        "select coalesce(max(version), 0) + 1 from ops.access_import where client_id = %s and quarter = %s", key
    )
    (version,) = cursor.fetchone() or (1,)
    cursor.execute(
        "insert into ops.access_import (client_id, quarter, version, part, file_name, file_sha256, imported_at,"
        " imported_by, sign_off, decision_count) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (*key, version, part.number, name, digest, now, by, sign_off, len(new)),
    )
    execute_values(
        cursor,
        "insert into ops.access_decision (client_id, quarter, version, line, decision, decided_by, decided_at, note,"
        " owner, until_on) values %s",
        [(*key, version, it.line, it.decision, it.decided_by, it.decided_at, it.note, it.owner, it.until_on)
         for it in new],
    )  # fmt: skip
    return int(version)


def _short(value: object) -> str:
    return neutral(value)[:60]
