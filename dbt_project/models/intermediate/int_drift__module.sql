with histories as (
  select client_id, min(dbt_valid_from) as history_begins_at
  from {{ ref('snap_odoo__ir_module_module') }}
  group by client_id
),

held as (
  select
    held.client_id,
    held.odoo_module_id,
    held.module_name,
    module.title,
    held.author,
    module.license,
    held.installed_version,
    module.created_at,
    case when held.dbt_valid_from > histories.history_begins_at then held.dbt_valid_from end as changed_at
  from {{ ref('snap_odoo__ir_module_module') }} as held
  join histories on histories.client_id = held.client_id
  join {{ ref('int_review__period') }} as period on period.client_id = held.client_id
  join {{ ref('stg_odoo__ir_module_module') }} as module
    on module.client_id = held.client_id and module.odoo_module_id = held.odoo_module_id
  where held.state in ('installed', 'to upgrade', 'to remove')
    and held.module_name is not null
    and not held.is_deleted
    and {{ held_at('held', 'period.as_of_at') }}
)

-- Of two records under one name the later one speaks.
select distinct on (held.client_id, held.module_name)
  held.*,
  {{ origin_of('held', 'known') }} as origin,
  coalesce({{ origin_basis('held', 'known') }}, 'neither seed, licence nor author') as origin_basis
from held
left join {{ ref('odoo_modules') }} as known on known.module = held.module_name
order by held.client_id, held.module_name, held.odoo_module_id desc
