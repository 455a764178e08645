"""Opening a review of access, adding what was gained since, closing it. A closed cycle changes no more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

from psycopg2.extras import Json
from pydantic import Field, StringConstraints

from driftline.access_review import roster
from driftline.declarations import Strict, read_yaml, validate
from driftline.errors import ConfigError, ReviewCycleError
from driftline.policies.access_review import AccessReviewPolicy, Reviewers, load_access_review
from driftline.quarters import choose, quarter_of
from driftline.registry import load_registry
from driftline.sealing import Decision
from driftline.warehouse import BUILD_LOCK, Role, connect, hold_for_transaction

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

    from driftline.settings import Settings

_NAMED = 10


@dataclass(frozen=True)
class Frozen:
    """One part of a roster as it was frozen; no lines: nothing was gained."""

    client_id: str
    quarter: str
    part: int
    line_count: int
    roster_sha256: str
    due_on: date


@dataclass(frozen=True)
class Closed:
    """A cycle that was closed, and how many lines without a final decision."""

    client_id: str
    quarter: str
    line_count: int
    left_open_count: int


@dataclass(frozen=True)
class Cycle:
    """What a cycle was opened with."""

    client_id: str
    quarter: str
    opened_at: datetime
    due_on: date
    owner: str
    administrators_owner: str
    closed_at: datetime | None


class OpenItem(Strict):
    """A line that a cycle is closed without: why, whose, until when."""

    line: int = Field(ge=1)
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10)]
    owner: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3)]
    until: date


class _OpenItems(Strict):
    exceptions: tuple[OpenItem, ...]


def open_cycle(settings: Settings, *, client_id: str, quarter: str, by: str, now: datetime) -> Frozen:
    """Open a quarter's review and freeze its roster from the last build; raise ReviewCycleError where it is open."""
    choose({"quarter": quarter}, now=now)
    registry = load_registry(settings.clients_file)
    zone = ZoneInfo(registry.client(client_id).timezone)
    policy = load_access_review(settings.policies_folder, registry)
    reviewers = policy.clients.get(client_id)
    if reviewers is None:
        raise ConfigError(
            f"{settings.policies_folder / 'access_review.yml'}: client '{client_id}' has no entry.",
            hint="Name its owner and administrators_owner there.",
        )
    with _writing(settings) as connection, connection.cursor() as cursor:
        hold_for_transaction(cursor, BUILD_LOCK, is_shared=True)
        moment = roster.moment_of(cursor, client_id)
        if quarter_of(moment.as_of_at.astimezone(zone)) < quarter:
            raise ReviewCycleError(
                f"the last build tells of {moment.as_of_at:%Y-%m-%d %H:%M} UTC, before {quarter} began.",
                client_id=client_id, hint="Run a night of that quarter first.",
            )  # fmt: skip
        _refuse_administrator(cursor, client_id, reviewers)
        due_on = (now.astimezone(zone) + timedelta(days=policy.due_days)).date()
        cursor.execute(
            "insert into ops.access_cycle (client_id, quarter, opened_at, opened_by, due_on, carry_out_days, owner,"
            " administrators_owner, policy) values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
            (client_id, quarter, now, by, due_on, policy.carry_out_days, reviewers.owner,
             reviewers.administrators_owner,
             Json(_applied(policy, reviewers))),
        )  # fmt: skip
        if not cursor.rowcount:
            raise ReviewCycleError(
                f"the review of {quarter} is open already.", client_id=client_id, hint="Look: driftline access status"
            )
        lines = roster.missing_lines(cursor, client_id, quarter)
        return _freeze(cursor, client_id, quarter, lines, due_on, now)


def add_gained(settings: Settings, *, client_id: str, quarter: str, now: datetime) -> Frozen:
    """Freeze what is held now and stands on no line yet as the next part; no lines: there is nothing."""
    with _writing(settings) as connection, connection.cursor() as cursor:
        hold_for_transaction(cursor, BUILD_LOCK, is_shared=True)
        cycle = hold(cursor, client_id, quarter)
        lines = roster.missing_lines(cursor, client_id, quarter)
        if not lines:
            return Frozen(client_id, quarter, 0, 0, "", cycle.due_on)
        return _freeze(cursor, client_id, quarter, lines, cycle.due_on, now)


def hold(cursor: Cursor, client_id: str, quarter: str) -> Cycle:
    """Lock an open cycle for this transaction; raise ReviewCycleError where it is closed or was never opened."""
    cycle = find(cursor, client_id, quarter, is_locked=True)
    if cycle.closed_at is not None:
        raise ReviewCycleError(
            f"the review of {quarter} was closed at {cycle.closed_at:%Y-%m-%d %H:%M} UTC.", client_id=client_id
        )
    return cycle


def find(cursor: Cursor, client_id: str, quarter: str, *, is_locked: bool = False) -> Cycle:
    """Read a cycle; raise ReviewCycleError where it was never opened."""
    if is_locked:
        hold_for_transaction(cursor, f"driftline:access review {client_id} {quarter}")
    cursor.execute(
        "select client_id, quarter, opened_at, due_on, owner, administrators_owner, closed_at from ops.access_cycle"
        " where client_id = %s and quarter = %s",
        (client_id, quarter),
    )
    row = cursor.fetchone()
    if row is None:
        raise ReviewCycleError(
            f"no review of {quarter} was opened.", client_id=client_id, hint="Run: driftline access open"
        )
    return Cycle(*row)


def close_cycle(
    settings: Settings, *, client_id: str, quarter: str, decision: Decision, now: datetime,
    exceptions: Path | None = None,
) -> Closed:  # fmt: skip
    """Close a cycle of which everything is decided, or named in a file with reason, owner and end; else refuse."""
    if not decision.decided_by.strip():
        raise ReviewCycleError("closing names who does it.", client_id=client_id, hint="Say who: --by NAME")
    items = _read_exceptions(exceptions, now) if exceptions else {}
    with _writing(settings) as connection, connection.cursor() as cursor:
        hold_for_transaction(cursor, BUILD_LOCK, is_shared=True)
        hold(cursor, client_id, quarter)
        _refuse_unfinished(cursor, client_id, quarter, items)
        for line, item in items.items():
            cursor.execute(
                "insert into ops.access_open_item values (%s, %s, %s, %s, %s, %s)",
                (client_id, quarter, line, item.reason, item.owner, item.until),
            )
        cursor.execute(
            "update ops.access_cycle set closed_at = %s, closed_by = %s, close_comment = %s"
            " where client_id = %s and quarter = %s",
            (now, decision.decided_by.strip(), decision.comment, client_id, quarter),
        )
        cursor.execute(
            "select count(*) from ops.access_roster where client_id = %s and quarter = %s", (client_id, quarter)
        )
        (count,) = cursor.fetchone() or (0,)
        return Closed(client_id, quarter, int(count), len(items))


def close_all(settings: Settings, *, quarter: str, decision: Decision, now: datetime) -> dict[str, str]:
    """Close every open cycle of a quarter that can be closed, and say of each client what came of it."""
    with connect(settings, role=Role.PUBLISHER) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select client_id from ops.access_cycle where quarter = %s and closed_at is null order by 1", (quarter,)
        )
        client_ids = [client_id for (client_id,) in cursor.fetchall()]
    outcome = {}
    for client_id in client_ids:
        try:
            close_cycle(settings, client_id=client_id, quarter=quarter, decision=decision, now=now)
            outcome[client_id] = "closed"
        except ReviewCycleError as error:
            outcome[client_id] = f"left open: {error.message}"
    return outcome


def open_cycles(cursor: Cursor, quarter: str) -> dict[str, str]:
    """Say of every client whose review of a quarter is open what stands in the way of closing it."""
    cursor.execute(
        "select client_id from ops.access_cycle where quarter = %s and closed_at is null order by 1", (quarter,)
    )
    found = {}
    for (client_id,) in cursor.fetchall():
        left = len(unfinished(cursor, client_id, quarter))
        gained = len(roster.missing_lines(cursor, client_id, quarter))
        is_finished = not left and not gained
        found[client_id] = "finished" if is_finished else f"{left} lines not finished, {gained} gained since"
    return found


def unfinished(cursor: Cursor, client_id: str, quarter: str) -> dict[int, str]:
    """Say of every line that stands in the way of closing why."""
    cursor.execute(
        "select r.line, coalesce(d.decision, ''), exists ("
        "  select from ops.access_standing_decision o where (o.client_id, o.quarter) = (r.client_id, r.quarter)"
        "  and o.odoo_user_id = r.odoo_user_id and o.decision in ('revoke', 'deactivate'))"
        " from ops.access_roster r left join ops.access_standing_decision d using (client_id, quarter, line)"
        " where r.client_id = %s and r.quarter = %s order by 1",
        (client_id, quarter),
    )
    found = {}
    for line, decision, has_removal in cursor.fetchall():
        if not decision:
            found[line] = "not decided"
        elif decision == "ask":
            found[line] = "somebody has to be asked"
        elif decision == "resolve" and not has_removal:
            found[line] = "shall be resolved, but nothing of this user is revoked"
    return found


def _refuse_unfinished(cursor: Cursor, client_id: str, quarter: str, items: dict[int, OpenItem]) -> None:
    gained = roster.missing_lines(cursor, client_id, quarter)
    if gained:
        raise ReviewCycleError(
            f"{len(gained)} lines of access were gained since and are on no worksheet.",
            client_id=client_id, hint="Have them decided: driftline access export",
        )  # fmt: skip
    waiting = unfinished(cursor, client_id, quarter)
    if unneeded := sorted(set(items) - set(waiting)):
        raise ReviewCycleError(f"line {unneeded[0]} needs no exception, or is no line.", client_id=client_id)
    left = {line: why for line, why in waiting.items() if line not in items}
    if left:
        named = "; ".join(f"line {line}: {why}" for line, why in list(left.items())[:_NAMED])
        more = f"; and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
        raise ReviewCycleError(
            f"{len(left)} lines are not finished: {named}{more}.",
            client_id=client_id, hint="Import their decisions, or name them as exceptions with reason, owner and end.",
        )  # fmt: skip


def _read_exceptions(path: Path, now: datetime) -> dict[int, OpenItem]:
    items: dict[int, OpenItem] = {}
    for item in validate(_OpenItems, read_yaml(path), where=str(path)).exceptions:
        if item.line in items:
            raise ConfigError(f"{path}: line {item.line} stands there twice.")
        if item.until <= now.date():
            raise ConfigError(f"{path}: line {item.line}: until {item.until} is over.")
        items[item.line] = item
    return items


def _applied(policy: AccessReviewPolicy, reviewers: Reviewers) -> dict[str, object]:
    own = policy.model_dump(mode="json", exclude={"clients", "support_firm"}, by_alias=True)
    return own | {"reviewers": reviewers.model_dump()}


def _refuse_administrator(cursor: Cursor, client_id: str, reviewers: Reviewers) -> None:
    if roster.is_administrator(cursor, client_id, reviewers.administrators_owner):
        raise ConfigError(
            f"access_review.yml: client '{client_id}': administrators_owner {reviewers.administrators_owner} is an"
            " administrator there.",
            hint="Administrators are reviewed by somebody who is none.",
        )


def _freeze(
    cursor: Cursor, client_id: str, quarter: str, lines: list[roster.Line], due_on: date, now: datetime
) -> Frozen:
    part = roster.freeze(cursor, client_id, quarter, lines, now=now)
    digest = roster.roster_sha256(client_id, quarter, part, lines)
    return Frozen(client_id, quarter, part, len(lines), digest, due_on)


def _writing(settings: Settings) -> AbstractContextManager[Connection]:
    return connect(settings, role=Role.PUBLISHER, application="driftline access review")
