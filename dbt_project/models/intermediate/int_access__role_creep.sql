{# Whoever gained groups since the history began, lost none, and holds what few of the same job hold. #}
with watched as (
  select client_id, min(dbt_valid_from) as begins_at from {{ ref('snap_odoo__res_groups_users_rel') }} group by client_id
),

lost as (
  select distinct version.client_id, version.odoo_user_id
  from {{ ref('snap_odoo__res_groups_users_rel') }} as version
  join {{ ref('int_review__period') }} as period on period.client_id = version.client_id
  where version.is_deleted and {{ stood('version') }} and version.dbt_valid_from <= period.as_of_at
),

working as (
  select client_id, odoo_user_id, odoo_job_id, created_at
  from {{ ref('int_access__person') }}
  where is_active and user_kind = 'internal' and not has_left and odoo_job_id is not null
),

peers as (
  select client_id, odoo_job_id, count(*) - 1 as peer_count from working group by client_id, odoo_job_id
),

holders as (
  select held.client_id, working.odoo_job_id, held.odoo_group_id, count(*) - 1 as peer_count
  from {{ ref('int_access__held_group') }} as held
  join working on working.client_id = held.client_id and working.odoo_user_id = held.odoo_user_id
  group by held.client_id, working.odoo_job_id, held.odoo_group_id
),

gained as (
  select held.client_id, held.odoo_user_id, held.odoo_group_id,
    held.group_name || ' (' || holders.peer_count || ' of ' || peers.peer_count || ' peers)' as group_name, held.since_at,
    count(*) over (partition by held.client_id, held.odoo_user_id) as gained_count,
    100.0 * holders.peer_count / nullif(peers.peer_count, 0) as held_by_pct,
    peers.peer_count
  from {{ ref('int_access__held_group') }} as held
  join working on working.client_id = held.client_id and working.odoo_user_id = held.odoo_user_id
  join watched on watched.client_id = held.client_id
  join peers on peers.client_id = working.client_id and peers.odoo_job_id = working.odoo_job_id
  join holders
    on holders.client_id = held.client_id and holders.odoo_job_id = working.odoo_job_id
    and holders.odoo_group_id = held.odoo_group_id
  -- What came with the user itself is how it began, and no gain.
  where held.since_at > watched.begins_at
    and held.direct <> 'no'
    and held.since_at > coalesce((
      select min(first.dbt_valid_from) from {{ ref('snap_odoo__res_users') }} as first
      where first.client_id = held.client_id and first.odoo_user_id = held.odoo_user_id), '-infinity')
    and not exists (select from lost where lost.client_id = held.client_id and lost.odoo_user_id = held.odoo_user_id)
)

select client_id, odoo_user_id, 'role_creep' as rule, odoo_group_id, group_name, since_at
from gained
where gained_count >= {{ policy('access.role_creep.gained_count') }}
  and peer_count >= {{ policy('access.role_creep.peer_count') }}
  and held_by_pct < {{ policy('access.role_creep.rare_below_pct') }}
