"""What is to be decided, frozen: one line per account, group that somebody gave, conflict, and all portal users as one.

Reads the access marts of the last build; writes `ops.access_roster`. Suggestions come from `access.exception`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from psycopg2.extras import execute_values

from driftline.errors import ReviewCycleError

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

_COLUMNS = (
    "line, roster, kind, odoo_user_id, login, subject_key, subject, reviewer, suggestion, reason"
)  # fmt: skip

# Groups up to 18.0 that imply each other have no root: each that no root leads to is put forward itself.
_ROOTS = """
  with recursive led_to as (
    select odoo_user_id, odoo_group_id from access.effective_group where client_id = %(client)s and direct = 'yes'
    union
    select held.odoo_user_id, held.odoo_group_id
    from led_to
    join access.effective_group held
      on held.client_id = %(client)s and held.odoo_user_id = led_to.odoo_user_id
      and held.direct <> 'yes' and held.path[1] = led_to.odoo_group_id
  )
  select held.odoo_user_id, held.odoo_group_id,
    -- Names of groups are not unique: half a dozen are called Administrator.
    held.group_name || coalesce(' (' || known.external_ids[1] || ')', '') as group_name
  from access.effective_group held
  left join led_to using (odoo_user_id, odoo_group_id)
  left join staging.int_access__group known
    on known.client_id = held.client_id and known.odoo_group_id = held.odoo_group_id
  where held.client_id = %(client)s and (held.direct = 'yes' or (led_to.odoo_user_id is null and held.is_stored))
"""

_LINES = f"""
  with person as (
    select p.odoo_user_id, p.login, p.user_kind,
      (
        select min(lower(manager.login)) from staging.int_access__person manager
        where manager.client_id = p.client_id and p.manager_odoo_employee_id = any (manager.odoo_employee_ids)
          and manager.is_active and manager.user_kind = 'internal' and not manager.has_left
          and manager.odoo_user_id <> p.odoo_user_id
      ) as manager_login,
      exists (
        select from access.capability c
        where c.client_id = p.client_id and c.odoo_user_id = p.odoo_user_id and c.area = 'administration'
      ) as is_administrator
    from staging.int_access__person p
    where p.client_id = %(client)s and p.is_active
  ),
  finding as (
    select e.odoo_user_id, e.rule, e.severity, e.detail,
      array(select split_part(id, ',', 2) from unnest(e.evidence_ids) as id where id like 'res.groups,%%') as group_keys
    from access.exception e
    where e.client_id = %(client)s and not e.is_exempt
  ),
  told as (
    select odoo_user_id,
      bool_or(rule = 'leaver_still_active') as is_leaver,
      bool_or(rule in ('leaver_still_active', 'stale', 'never_logged_in')) as is_unused,
      string_agg(rule || ': ' || detail, '; ' order by rule) filter (where group_keys = '{{}}') as reasons
    from finding group by odoo_user_id
  ),
  root as ({_ROOTS}),
  line as (
    select 'account' as kind, person.odoo_user_id, '' as subject_key, 'the account' as subject,
      case when told.is_unused then 'deactivate' when told.reasons is not null then 'ask' else 'keep' end as suggestion,
      coalesce(told.reasons, 'nothing speaks against it') as reason
    from person left join told using (odoo_user_id)
    where person.user_kind <> 'share' or told.reasons is not null
    union all
    select 'membership', root.odoo_user_id, root.odoo_group_id::text, root.group_name,
      case when bool_or(told.is_leaver) then 'revoke'
        when bool_or(finding.severity = 'act') then 'revoke'
        when count(finding.rule) > 0 then 'ask' else 'keep' end,
      coalesce(string_agg(finding.rule || ': ' || finding.detail, '; ' order by finding.rule),
        case when bool_or(told.is_leaver) then 'has left' else 'nothing speaks against it' end)
    from root
    join person using (odoo_user_id)
    left join told using (odoo_user_id)
    left join finding
      on finding.odoo_user_id = root.odoo_user_id and root.odoo_group_id::text = any (finding.group_keys)
    where person.user_kind <> 'share' or finding.rule is not null
    group by root.odoo_user_id, root.odoo_group_id, root.group_name
    union all
    select 'conflict', c.odoo_user_id, c.rule, c.title, 'ask',
      'possible: ' || case c.exercised when 'yes' then 'used with ' || array_to_string(c.document_ids[1:5], ', ')
        when 'no' then 'not used' else 'whether it was used is not known' end
    from access.sod_conflict c join person using (odoo_user_id)
    where c.client_id = %(client)s and c.is_possible
    union all
    select 'population', 0, '', count(*) || ' active portal and public users', 'keep',
      'as a whole; exceptions have lines of their own'
    from person where user_kind = 'share' having count(*) > 0
  ),
  chosen as (
    select line.*, coalesce(person.login, '') as login,
      case when line.kind = 'population' or person.user_kind = 'share' then 'portal'
        when person.is_administrator then 'administrators' else 'staff' end as roster,
      person.manager_login
    from line left join person using (odoo_user_id)
  ),
  addressed as (
    select chosen.*,
      case
        when roster = 'administrators' then
          case when lower(login) = %(administrators_owner)s then %(owner)s else %(administrators_owner)s end
        when roster = 'staff' and manager_login is not null then manager_login
        when lower(login) = %(owner)s then %(administrators_owner)s
        else %(owner)s end as reviewer
    from chosen
  )
  select roster, kind, odoo_user_id, login, subject_key, subject, reviewer, suggestion, reason
  from addressed
  where not exists (
    select from ops.access_roster known
    where known.client_id = %(client)s and known.quarter = %(quarter)s and known.kind = addressed.kind
      and (known.kind = 'population'
        or (known.odoo_user_id, known.subject_key) = (addressed.odoo_user_id, addressed.subject_key))
  )
  order by case roster when 'administrators' then 1 when 'staff' then 2 else 3 end,
    reviewer collate "C", case kind when 'account' then 1 when 'membership' then 2 else 3 end,
    login collate "C", odoo_user_id, subject collate "C", subject_key
"""


@dataclass(frozen=True)
class Line:
    """One line to be decided, as it was frozen."""

    line: int
    roster: str
    kind: str
    odoo_user_id: int
    login: str
    subject_key: str
    subject: str
    reviewer: str
    suggestion: str
    reason: str


@dataclass(frozen=True)
class Moment:
    """The build whose access is frozen, and the moment that it tells of."""

    build_id: str
    as_of_at: datetime


def moment_of(cursor: Cursor, client_id: str) -> Moment:
    """Say which moment the marts tell of; raise ReviewCycleError where they tell nothing of the client."""
    cursor.execute(
        "select (select build_id from ops.build where state = 'succeeded' order by started_at desc limit 1),"
        " max(as_of_at) from access.effective_group where client_id = %s",
        (client_id,),
    )
    build_id, as_of_at = cursor.fetchone() or (None, None)
    if build_id is None or as_of_at is None:
        raise ReviewCycleError(
            "nothing is known of who holds what.", client_id=client_id, hint="Run a night: driftline run"
        )
    return Moment(build_id=build_id, as_of_at=as_of_at)


def is_administrator(cursor: Cursor, client_id: str, login: str) -> bool:
    """Say whether an active user of that login can do anything of the area of administration."""
    cursor.execute(
        "select exists (select from access.capability c"
        " join staging.int_access__person p using (client_id, odoo_user_id)"
        " where c.client_id = %s and lower(p.login) = lower(%s) and c.area = 'administration' and p.is_active)",
        (client_id, login),
    )
    return bool((cursor.fetchone() or (False,))[0])


def missing_lines(cursor: Cursor, client_id: str, quarter: str) -> list[Line]:
    """Give what the marts have and the roster has not, numbered on from its last line."""
    cursor.execute(
        "select owner, administrators_owner,"
        " (select coalesce(max(line), 0) from ops.access_roster r"
        "  where (r.client_id, r.quarter) = (c.client_id, c.quarter))"
        " from ops.access_cycle c where client_id = %s and quarter = %s",
        (client_id, quarter),
    )
    owner, administrators_owner, last = cursor.fetchone() or ("", "", 0)
    facts = {"client": client_id, "quarter": quarter, "owner": owner, "administrators_owner": administrators_owner}
    cursor.execute(_LINES, facts)
    return [Line(number, *row) for number, row in enumerate(cursor.fetchall(), start=last + 1)]


def freeze(cursor: Cursor, client_id: str, quarter: str, lines: list[Line], *, now: datetime) -> int:
    """Add lines as the roster's next part and give its number."""
    moment = moment_of(cursor, client_id)
    cursor.execute(
        "select coalesce(max(part), 0) + 1 from ops.access_roster_part where client_id = %s and quarter = %s",
        (client_id, quarter),
    )
    (part,) = cursor.fetchone() or (1,)
    cursor.execute(
        "insert into ops.access_roster_part values (%s, %s, %s, %s, %s, %s, %s, %s)",
        (client_id, quarter, part, now, moment.build_id, moment.as_of_at, len(lines),
         roster_sha256(client_id, quarter, part, lines)),
    )  # fmt: skip
    execute_values(
        cursor,
        f"insert into ops.access_roster (client_id, quarter, part, {_COLUMNS}) values %s",
        [(client_id, quarter, part, *astuple(line)) for line in lines],
    )
    return int(part)


def frozen_lines(cursor: Cursor, client_id: str, quarter: str, part: int | None = None) -> list[Line]:
    """Read the lines of one part, or of all."""
    cursor.execute(
        f"select {_COLUMNS} from ops.access_roster where client_id = %s and quarter = %s"
        " and part = coalesce(%s, part) order by line",
        (client_id, quarter, part),
    )
    return [Line(*row) for row in cursor.fetchall()]


def roster_sha256(client_id: str, quarter: str, part: int, lines: list[Line]) -> str:
    """Hash one part: a worksheet belongs to it, or to nothing."""
    digest = hashlib.sha256(json.dumps([client_id, quarter, part]).encode())
    for line in lines:
        digest.update(json.dumps(astuple(line), ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()
