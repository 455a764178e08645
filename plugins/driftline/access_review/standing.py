"""How a review stands: what is open, who is late, who decided without looking, what was carried out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from driftline.access_review import cycle, roster
from driftline.registry import load_registry
from driftline.warehouse import Role, connect

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from driftline.settings import Settings


@dataclass(frozen=True)
class Reviewer:
    """One reviewer's lines. `looks_rubber_stamped` says why it looks as if nobody had looked; empty: it does not."""

    reviewer: str
    line_count: int
    decided_count: int
    ask_count: int
    overdue_count: int
    looks_rubber_stamped: str


@dataclass(frozen=True)
class Removal:
    """One line that was decided to be taken away, as the last build found it."""

    line: int
    login: str
    subject: str
    decision: str
    state: str
    detail: str
    taken_days: float | None


@dataclass(frozen=True)
class Standing:
    """One cycle as it stands: open, overdue or closed; `people` counts users by keep, reduce, deactivate, ask, open."""

    client_id: str
    quarter: str
    state: str
    opened_at: datetime
    due_on: date
    closed_at: datetime | None
    line_count: int
    decided_count: int
    gained_count: int
    people: dict[str, int]
    reviewers: tuple[Reviewer, ...]
    removals: tuple[Removal, ...]


_REVIEWERS = """
  with decided as (
    select r.reviewer, r.line, d.decision, d.decided_by, d.decided_at
    from ops.access_roster r
    left join ops.access_standing_decision d using (client_id, quarter, line)
    where r.client_id = %(client)s and r.quarter = %(quarter)s
  ),
  stamped as (
    select decided_by, count(*) as decided_count, bool_and(decision in ('keep', 'accept')) as is_all_kept,
      extract(epoch from max(decided_at) - min(decided_at)) as spent_seconds,
      -- Days without a time of day say nothing of speed.
      bool_and((decided_at at time zone %(zone)s)::time = '00:00') as has_days_only
    from decided where decision is not null
    group by decided_by
  ),
  suspected as (
    select decided_by, concat_ws('; ',
      case when is_all_kept then 'all ' || decided_count || ' lines kept' end,
      case when not has_days_only and spent_seconds < decided_count * %(seconds)s
        then decided_count || ' lines decided in ' || spent_seconds::integer || ' seconds' end) as why
    from stamped where decided_count >= %(rows)s
  )
  select decided.reviewer, count(*), count(decision), count(*) filter (where decision = 'ask'),
    count(*) filter (where (decision is null or decision = 'ask') and %(is_late)s),
    coalesce((
      select string_agg(suspected.decided_by || ': ' || suspected.why, '; ' order by suspected.decided_by)
      from suspected
      where suspected.why <> '' and suspected.decided_by in (
        select own.decided_by from decided own where own.reviewer = decided.reviewer)
    ), '')
  from decided group by decided.reviewer order by decided.reviewer
"""

_PEOPLE = """
  select state, count(*) from (
    select r.odoo_user_id,
      case
        when bool_or(d.decision = 'deactivate') then 'deactivate'
        when bool_or(d.decision is null) then 'open'
        when bool_or(d.decision = 'ask') then 'ask'
        when bool_or(d.decision = 'revoke') then 'reduce'
        else 'keep' end as state
    from ops.access_roster r
    left join ops.access_standing_decision d using (client_id, quarter, line)
    where r.client_id = %s and r.quarter = %s and r.kind <> 'population'
    group by r.odoo_user_id
  ) as person group by state order by state
"""


def stand(settings: Settings, *, client_id: str, quarter: str, now: datetime) -> Standing:
    """Say how one cycle stands; raise ReviewCycleError where there is none."""
    zone = load_registry(settings.clients_file).client(client_id).timezone
    with (
        connect(settings, role=Role.PUBLISHER, application="driftline access status") as connection,
        connection.cursor() as cursor,
    ):
        found = cycle.find(cursor, client_id, quarter)
        is_late = found.closed_at is None and now.astimezone(ZoneInfo(zone)).date() > found.due_on
        reviewers = _reviewers(cursor, found, zone, is_late=is_late)
        cursor.execute(_PEOPLE, (client_id, quarter))
        people = {state: int(count) for state, count in cursor.fetchall()}
        gained = 0 if found.closed_at else len(roster.missing_lines(cursor, client_id, quarter))
        is_overdue = any(it.overdue_count for it in reviewers)
        return Standing(
            client_id=client_id, quarter=quarter,
            state="closed" if found.closed_at else "overdue" if is_overdue else "open",
            opened_at=found.opened_at, due_on=found.due_on, closed_at=found.closed_at,
            line_count=sum(it.line_count for it in reviewers), decided_count=sum(it.decided_count for it in reviewers),
            gained_count=gained, people=people, reviewers=reviewers, removals=removals(cursor, client_id, quarter),
        )  # fmt: skip


def removals(cursor: Cursor, client_id: str, quarter: str) -> tuple[Removal, ...]:
    """Read what the last build found of what was decided to be taken away; decided since: pending."""
    cursor.execute(
        "select d.line, d.login, d.subject, d.decision, coalesce(c.state, 'pending'),"
        " coalesce(c.detail, 'no build has looked at it since'), c.taken_days"
        " from ops.access_standing_decision d"
        " left join access.carried_out c"
        "   on (c.client_id, c.quarter, c.line, c.decided_at) = (d.client_id, d.quarter, d.line, d.decided_at)"
        " where d.client_id = %s and d.quarter = %s and d.decision in ('revoke', 'deactivate') order by d.line",
        (client_id, quarter),
    )
    return tuple(Removal(*row) for row in cursor.fetchall())


def _reviewers(cursor: Cursor, found: cycle.Cycle, zone: str, *, is_late: bool) -> tuple[Reviewer, ...]:
    cursor.execute(
        "select (policy #>> '{rubber_stamp,rows}')::integer, (policy #>> '{rubber_stamp,seconds_per_row}')::float8"
        " from ops.access_cycle where client_id = %s and quarter = %s",
        (found.client_id, found.quarter),
    )
    rows, seconds = cursor.fetchone() or (0, 0)
    facts = {"client": found.client_id, "quarter": found.quarter, "zone": zone, "is_late": is_late}
    cursor.execute(_REVIEWERS, {**facts, "rows": rows, "seconds": seconds})
    return tuple(Reviewer(*row) for row in cursor.fetchall())
