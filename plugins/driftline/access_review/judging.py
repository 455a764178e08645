"""A worksheet's cells against the frozen roster: which decisions they are, and every cell that cannot be taken.

Knows neither files nor the warehouse.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from driftline.access_review import roster, worksheet
from driftline.access_review.cells import DECISIONS, LOCKED, OPEN, neutral, original
from driftline.access_review.reading import Place, Read, Row
from driftline.errors import WorksheetError

_NAMED = 20


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
class People:
    """Who may decide, and whose access they may not: logins in lower case."""

    known: frozenset[str]
    administrators: frozenset[str]


class _RefusedError(Exception):
    """One cell that cannot be taken."""

    def __init__(self, place: Place, words: str) -> None:
        super().__init__(f"{place}: {words}")


def judge(
    read: Read, sent: Mapping[str, Iterable[roster.Line]], people: People, *, zone: ZoneInfo, frozen_at: datetime,
    now: datetime,
) -> list[Decided]:  # fmt: skip
    """Give the decisions of all rows; raise WorksheetError that names the cells where one cannot be taken."""
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
    row: Row, line: roster.Line, people: People, *, zone: ZoneInfo, frozen_at: datetime, now: datetime
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


def _decider(row: Row, line: roster.Line, people: People) -> str:
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


def _short(value: object) -> str:
    return neutral(value)[:60]
