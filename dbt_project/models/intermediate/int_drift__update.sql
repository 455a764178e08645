with versions as (
  select
    client_id,
    module_name,
    dbt_valid_from as changed_at,
    installed_version,
    lag(installed_version) over (partition by client_id, odoo_module_id order by dbt_valid_from) as before_version
  from {{ ref('snap_odoo__ir_module_module') }}
  where not is_deleted and (dbt_valid_to is null or dbt_valid_to > dbt_valid_from)
)

select
  client_id,
  changed_at,
  count(*) as module_count,
  max({{ major_of('before_version') }}) filter (where module_name = 'base') as before_major,
  max({{ major_of('installed_version') }}) filter (where module_name = 'base') as after_major
from versions
where before_version is not null and installed_version is not null and before_version <> installed_version
group by client_id, changed_at
