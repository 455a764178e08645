"""What is wrong with what was read tonight: held deletions, rows out of sight, models not proven, values repaired.

A client that could not be read at all is `findings`' matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftline.alerts.finding import CRITICAL, WARNING, Finding

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

HELD, UNSEEN, PARTLY_SEEN, INCOMPLETE, REPAIRED = (
    "deletions held",
    "models out of sight",
    "models partly visible",
    "not proven complete",
    "values repaired",
)
NAMES = frozenset({HELD, UNSEEN, PARTLY_SEEN, INCOMPLETE, REPAIRED})
_NAMED_MODELS = 5

_QUERY = """
with run as (
  select client_id from ops.client_run where night_id = %(night)s and state = 'succeeded'),
proof as (
  select client_id, model, held_count::text as detail,
    case when verdict = 'held' then 'deletions held'
      when verdict = 'incomplete' then 'not proven complete'
      when verdict = 'hidden' and warehouse_count > 0 then 'models out of sight' end as name
  from ops.completeness where night_id = %(night)s),
sight as (
  select client_id, model, ''::text as detail, 'models partly visible' as name
  from ops.visibility where night_id = %(night)s and verdict in ('partial', 'none') and not is_by_design),
repair as (
  select client_id, model, repaired_count::text as detail, 'values repaired' as name
  from ops.reconciliation where night_id = %(night)s and verdict <> 'equal')
select client_id, name, array_agg(trim(model || ' ' || detail) order by model)
from (select * from proof union all select * from sight union all select * from repair) as found
join run using (client_id)
where name is not null
group by 1, 2 order by 1, 2
"""

_SEVERITIES = {HELD: CRITICAL, UNSEEN: CRITICAL, INCOMPLETE: CRITICAL, PARTLY_SEEN: WARNING, REPAIRED: WARNING}
_MEANINGS = {
    HELD: "more rows are missing than is believed, they stay as they were",
    UNSEEN: "the account may no longer read them, what was read before stays",
    INCOMPLETE: "warehouse and source differ after repair",
    PARTLY_SEEN: "rows may be hidden from the account",
    REPAIRED: "values differed although the nights had seen no change",
}
_ADVICE = {
    HELD: "If they are gone indeed: driftline reconcile --client {client} --accept-deletions. Else look at the"
    " account's rights: driftline check-client --client {client}",
    UNSEEN: "The rights it needs: driftline grants --client {client}",
    INCOMPLETE: "Compare every value: driftline reconcile --client {client}",
    PARTLY_SEEN: "Which and why: driftline check-client --client {client}, or ops.visibility",
    REPAIRED: "Which and how many: ops.reconciliation. Something writes past Odoo's own stamps.",
}


def find(cursor: Cursor, night_id: str) -> list[Finding]:
    """Read the findings of one night's readings."""
    cursor.execute(_QUERY, {"night": night_id})
    return [
        Finding(
            client_id=client_id,
            name=name,
            severity=_SEVERITIES[name],
            summary=f"{name}: {_some(models)}: {_MEANINGS[name]}",
            advice=_ADVICE[name].format(client=client_id),
        )
        for client_id, name, models in cursor.fetchall()
    ]


def _some(models: list[str]) -> str:
    more = len(models) - _NAMED_MODELS
    return ", ".join(models[:_NAMED_MODELS]) + (f" and {more} more" if more > 0 else "")
