"""How each client stands: last good night, last trouble, completeness, what is published. Reading only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from driftline.warehouse import Role, connect

if TYPE_CHECKING:
    from driftline.settings import Settings


@dataclass(frozen=True)
class ClientStatus:
    """One client as the warehouse knows it."""

    client_id: str
    is_active: bool
    last_state: str | None
    last_read_at: datetime | None
    odoo_version: str | None
    completeness_pct: float | None
    published_quarter: str | None
    published_at: datetime | None
    is_stale: bool | None
    error_message: str | None


_QUERY = """
with last_run as (
  select distinct on (r.client_id) r.* from ops.client_run r join ops.night n using (night_id)
  order by r.client_id, n.started_at desc),
last_good as (
  select distinct on (client_id) client_id, night_id, read_at, odoo_version from ops.client_run
  where state = 'succeeded' order by client_id, read_at desc),
proof as (
  select g.client_id,
    (100.0 * coalesce(sum(least(c.source_count, c.warehouse_count)) filter (
        where c.verdict = 'complete' and (v.verdict is null or v.verdict = 'full' or v.is_by_design)), 0)
      / nullif(sum(c.source_count), 0))::double precision as completeness_pct
  from last_good g join ops.completeness c using (client_id, night_id)
  left join ops.visibility v using (client_id, model) group by 1),
shown as (
  select distinct on (client_id) client_id, quarter, published_at, is_stale from review.scorecard
  order by client_id, quarter desc)
select c.client_id, c.is_active, r.state, g.read_at, coalesce(g.odoo_version, c.odoo_version), p.completeness_pct,
  s.quarter, s.published_at, s.is_stale, case when r.state = 'failed' then r.error_message end
from ops.client c
left join last_run r using (client_id) left join last_good g using (client_id)
left join proof p using (client_id) left join shown s using (client_id)
order by c.is_active desc, (r.state = 'failed') desc nulls last, c.client_id
"""


def read_status(settings: Settings) -> list[ClientStatus]:
    """Read every client's standing, those in trouble first."""
    with connect(settings, role=Role.OWNER) as connection, connection.cursor() as cursor:
        cursor.execute("set local role driftline_transformer")
        cursor.execute(_QUERY)
        return [ClientStatus(*row) for row in cursor.fetchall()]
