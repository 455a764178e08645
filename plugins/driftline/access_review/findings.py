"""The tables of the evidence, as SQL over what the warehouse keeps; `evidence` writes and hashes them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

# That nobody was left out: what the source counted in the night whose access was frozen, and what was put forward.
_POPULATION = """
  with frozen as (
    select p.part, b.last_night_id as night_id
    from ops.access_roster_part p join ops.build_client b using (client_id, build_id)
    where p.client_id = %(client)s and p.quarter = %(quarter)s
  )
  select frozen.part, c.model as what, c.source_count, c.warehouse_count as here_count, c.verdict,
    run.read_at as counted_at, 'select count(*) from ' || replace(c.model, '.', '_') as query, c.method
  from frozen
  join ops.completeness c on c.client_id = %(client)s and c.night_id = frozen.night_id
    and c.model in ('res.users', 'res.groups', 'res.groups.users.rel', 'res.groups.implied.rel', 'hr.employee')
  left join ops.client_run run on run.client_id = c.client_id and run.night_id = c.night_id
  order by 1, 2
"""

_TIMELINESS = """
  select c.opened_at, c.opened_by, c.due_on,
    (select min(imported_at) from ops.access_import i where (i.client_id, i.quarter) = (c.client_id, c.quarter))
      as first_import_at,
    (select max(imported_at) from ops.access_import i where (i.client_id, i.quarter) = (c.client_id, c.quarter))
      as last_import_at,
    c.closed_at, c.closed_by, c.close_comment,
    (c.closed_at at time zone k.timezone)::date <= c.due_on as is_closed_in_time,
    (select count(*) from ops.access_open_item o where (o.client_id, o.quarter) = (c.client_id, c.quarter))
      as left_open_count
  from ops.access_cycle c join ops.client k using (client_id)
  where c.client_id = %(client)s and c.quarter = %(quarter)s
"""

TABLES = {
    "population.csv": _POPULATION,
    "coverage.csv": """
      select case when p.user_kind = 'share' then 'share' else p.user_kind end as user_kind, p.is_active,
        count(*) as user_count,
        count(*) filter (where exists (select from ops.access_roster r where r.client_id = p.client_id
          and r.quarter = %(quarter)s and r.kind = 'account' and r.odoo_user_id = p.odoo_user_id)) as on_roster_count,
        case when p.is_active and p.user_kind = 'share' then 'reviewed as a whole'
          when p.is_active then 'each has a line' else 'archived: cannot log in' end as why
      from staging.int_access__person p where p.client_id = %(client)s
      group by p.user_kind, p.is_active, p.client_id order by 1, 2""",
    "roster.csv": """
      select r.line, r.part, r.roster, r.kind, r.login, r.odoo_user_id, r.subject, r.subject_key, r.reviewer,
        r.suggestion, r.reason
      from ops.access_roster r where client_id = %(client)s and quarter = %(quarter)s order by line""",
    "rosters.csv": """
      select part, frozen_at, build_id, as_of_at, row_count, roster_sha256 from ops.access_roster_part
      where client_id = %(client)s and quarter = %(quarter)s order by part""",
    "exceptions.csv": """
      select p.login, e.odoo_user_id, e.rule, e.severity, e.since_at, e.detail, e.evidence_ids, e.policy, e.is_exempt,
        e.exempt_owner, e.exempt_reason, e.exempt_until_on, e.as_of_at
      from access.exception e
      left join staging.int_access__person p using (client_id, odoo_user_id)
      where e.client_id = %(client)s order by 1, 2, 3""",
    "exceptions_history.csv": """
      select p.login, h.odoo_user_id, h.rule, h.severity, h.opened_at, h.since_at, h.closed_at, h.open_days, h.detail,
        h.evidence_ids, h.policy, h.is_exempt, h.as_of_at
      from access.exception_history h
      left join staging.int_access__person p using (client_id, odoo_user_id)
      where h.client_id = %(client)s order by 1, 2, 3, 5""",
    "rules.csv": """
      select policy, rule, severity, is_judged, reason from access.rule where client_id = %(client)s order by 1, 2""",
    "worksheets.csv": """
      select version, part, file_name, file_sha256, imported_at, imported_by, sign_off, decision_count
      from ops.access_import where client_id = %(client)s and quarter = %(quarter)s order by version""",
    "decisions.csv": """
      select r.line, d.version, r.roster, r.kind, r.login, r.subject, r.suggestion, d.decision, d.decided_by,
        d.decided_at, d.note, d.owner, d.until_on, i.imported_at, i.imported_by, i.sign_off, i.file_sha256,
        d.version = max(d.version) over (partition by d.line) as holds
      from ops.access_decision d
      join ops.access_roster r using (client_id, quarter, line)
      join ops.access_import i using (client_id, quarter, version)
      where d.client_id = %(client)s and d.quarter = %(quarter)s order by 1, 2""",
    "left_open.csv": """
      select line, reason, owner, until_on from ops.access_open_item
      where client_id = %(client)s and quarter = %(quarter)s order by line""",
    "carried_out.csv": """
      select d.line, d.login, d.subject, d.decision, d.decided_at, c.due_at, c.looked_at,
        coalesce(c.state, 'pending') as state, coalesce(c.detail, 'no build has looked at it since') as detail,
        c.done_at, c.taken_days, c.came_back_at
      from ops.access_standing_decision d
      left join access.carried_out c
        on (c.client_id, c.quarter, c.line, c.decided_at) = (d.client_id, d.quarter, d.line, d.decided_at)
      where d.client_id = %(client)s and d.quarter = %(quarter)s and d.decision in ('revoke', 'deactivate')
      order by d.line""",
    "timeliness.csv": _TIMELINESS,
}


def parameters(cursor: Cursor, client_id: str, quarter: str) -> dict[str, Any]:
    """Say what the evidence was computed with: builds, nights, code."""
    cursor.execute(
        "select jsonb_agg(jsonb_build_object('part', p.part, 'build_id', p.build_id, 'as_of_at', p.as_of_at,"
        " 'night_id', b.night_id, 'code_sha256', b.code_sha256) order by p.part)"
        " from ops.access_roster_part p join ops.build b using (build_id) where p.client_id = %s and p.quarter = %s",
        (client_id, quarter),
    )
    (rosters,) = cursor.fetchone() or ([],)
    cursor.execute(
        "select jsonb_build_object('build_id', build_id, 'as_of_at', as_of_at, 'code_sha256', code_sha256)"
        " from ops.build where state = 'succeeded' order by started_at desc limit 1"
    )
    (last,) = cursor.fetchone() or ({},)
    code = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        code.update(f"{path.name}\n".encode() + path.read_bytes())
    return {
        "client_id": client_id, "quarter": quarter, "rosters": rosters, "last_build": last,
        "access_review_code_sha256": code.hexdigest(),
    }  # fmt: skip
