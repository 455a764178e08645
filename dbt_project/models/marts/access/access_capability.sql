{{ config(materialized='view') }}

with declared as (
  select substr(setting, length('capability.') + 1) as capability, value ->> 'title' as title, value ->> 'area' as area
  from {{ source('ops', 'policy_setting') }}
  where build_id = {{ build_id() }} and setting like 'capability.%'
)

select
  holder.client_id,
  period.quarter,
  holder.odoo_user_id,
  declared.capability,
  declared.title,
  declared.area,
  coalesce(given.odoo_group_ids, array[]::bigint[]) as odoo_group_ids,
  array(
    select coalesce(known.group_name, case when through.group_id = 0 then '(everybody)' else '(group ' || through.group_id || ')' end)
    from unnest(given.odoo_group_ids) as through (group_id)
    left join {{ ref('int_access__group') }} as known
      on known.client_id = holder.client_id and known.odoo_group_id = through.group_id
    order by through.group_id
  ) as group_names,
  holder.odoo_user_id = 1 as is_superuser,
  period.as_of_at
from {{ ref('int_access__user_set') }} as holder
join {{ ref('int_review__period') }} as period on period.client_id = holder.client_id
cross join declared
left join {{ ref('int_access__set_capability') }} as given
  on given.client_id = holder.client_id and given.group_set_id = holder.group_set_id and given.capability = declared.capability
-- The superuser bypasses all rules: it can whatever there is.
where given.capability is not null or holder.odoo_user_id = 1
