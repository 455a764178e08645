{% set in_use = "('installed', 'to upgrade', 'to remove')" %}

with versions as (
  -- A module that was dropped and made anew has two ids under one name: the living one speaks.
  select distinct on (client_id, module_name, dbt_valid_from)
    client_id,
    module_name,
    dbt_valid_from as changed_at,
    case when not is_deleted then state end as state,
    case when not is_deleted then installed_version end as installed_version,
    is_deleted
  from {{ ref('snap_odoo__ir_module_module') }}
  where module_name is not null and (dbt_valid_to is null or dbt_valid_to > dbt_valid_from)
  order by client_id, module_name, dbt_valid_from, is_deleted, odoo_module_id desc
),

steps as (
  select
    client_id,
    module_name,
    changed_at,
    state as after_state,
    installed_version as after_version,
    is_deleted,
    lag(state) over module as before_state,
    lag(installed_version) over module as before_version,
    coalesce(lag(is_deleted) over module, true) as was_absent,
    min(changed_at) over (partition by client_id) as history_begins_at
  from versions
  window module as (partition by client_id, module_name order by changed_at)
),

named as (
  select
    *,
    case
      when is_deleted then case when not was_absent then 'removed' end
      when after_state in {{ in_use }} and (was_absent or before_state not in {{ in_use }}) then 'installed'
      when was_absent then null
      when before_state in {{ in_use }} and after_state not in {{ in_use }} then 'uninstalled'
      when after_state in {{ in_use }} and before_version is distinct from after_version then 'version changed'
      when before_state is distinct from after_state then 'state changed'
    end as change
  from steps
  where changed_at > history_begins_at
)

select
  named.client_id,
  period.quarter,
  named.module_name as module,
  named.changed_at,
  named.change,
  named.before_state,
  named.after_state,
  named.before_version,
  named.after_version,
  period.as_of_at
from named
join {{ ref('int_review__period') }} as period on period.client_id = named.client_id
where named.change is not null
  and named.changed_at >= period.quarter_starts_at
  and named.changed_at < period.quarter_ends_at
  and named.changed_at <= period.as_of_at
