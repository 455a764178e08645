"""Taking decisions in: all of a worksheet or nothing. What a cell may say is `judging`'s question.

A file that was imported once is known by its hash and changes nothing again. An empty decision leaves what was decided
before; every version stays.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from psycopg2.extras import execute_values

from driftline.access_review import cycle, reading, roster, worksheet
from driftline.access_review.judging import Decided, People, judge
from driftline.access_review.reading import Read
from driftline.errors import ReviewCycleError, WorksheetError
from driftline.registry import load_registry
from driftline.warehouse import Role, connect

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from driftline.settings import Settings


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
        found = judge(read, sent, _people(cursor, client_id, quarter), zone=zone, frozen_at=frozen_at, now=now)
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


def _people(cursor: Cursor, client_id: str, quarter: str) -> People:
    cursor.execute(
        "select lower(login), exists (select from access.capability c where c.client_id = p.client_id"
        "  and c.odoo_user_id = p.odoo_user_id and c.area = 'administration')"
        " from staging.int_access__person p where client_id = %s and is_active and user_kind = 'internal'",
        (client_id,),
    )
    users = cursor.fetchall()
    found = cycle.find(cursor, client_id, quarter)
    known = {login for login, _ in users} | {found.owner, found.administrators_owner}
    return People(frozenset(known), frozenset(login for login, is_administrator in users if is_administrator))


def _standing(cursor: Cursor, client_id: str, quarter: str) -> dict[int, Decided]:
    cursor.execute(
        "select line, decision, decided_by, decided_at, note, owner, until_on from ops.access_standing_decision"
        " where client_id = %s and quarter = %s",
        (client_id, quarter),
    )
    return {row[0]: Decided(*row) for row in cursor.fetchall()}


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
