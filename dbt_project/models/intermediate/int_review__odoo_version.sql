with installed as (
  select module.client_id, module.installed_version as version_text, 'version of module base' as basis
  from {{ ref('snap_odoo__ir_module_module') }} as module
  join {{ ref('int_review__period') }} as period on period.client_id = module.client_id
  where module.module_name = 'base' and not module.is_deleted and {{ held_at('module', 'period.as_of_at') }}
),

found as (
  select distinct on (run.client_id) run.client_id, run.odoo_version as version_text, 'version found when reading' as basis
  from {{ source('ops', 'client_run') }} as run
  join {{ source('ops', 'night') }} as night on night.night_id = run.night_id
  join {{ ref('int_review__period') }} as period on period.client_id = run.client_id
  where run.state = 'succeeded' and run.odoo_version is not null and night.as_of_at <= period.as_of_at
  order by run.client_id, night.as_of_at desc, run.started_at desc
),

chosen as (
  select distinct on (client_id) client_id, version_text, basis
  from (
    select *, 1 as preference from installed
    union all
    select *, 2 as preference from found
  ) as candidates
  where version_text ~ '^(saas[~-])?\d+\.\d+'
  order by client_id, preference, version_text desc
)

select
  client_id,
  {{ major_of('version_text') }} as major,
  substring(version_text from '^((?:saas[~-])?\d+\.\d+)') as series,
  basis
from chosen
