{{ config(indexes=[{'columns': ['client_id', 'odoo_group_id']}]) }}

with declared as (
  select
    substr(setting.setting, length('capability.') + 1) as capability,
    way.number as way_number,
    need.number as need_number,
    jsonb_array_length(way.content -> 'needs') as need_count,
    need.content
  from {{ source('ops', 'policy_setting') }} as setting
  cross join lateral jsonb_array_elements(setting.value -> 'ways') with ordinality as way (content, number)
  cross join lateral jsonb_array_elements(way.content -> 'needs') with ordinality as need (content, number)
  where setting.build_id = {{ build_id() }} and setting.setting like 'capability.%'
)

select distinct
  permission.client_id, declared.capability, declared.way_number, declared.need_number, declared.need_count,
  permission.odoo_group_id
from declared
join {{ ref('int_access__permission') }} as permission
  on permission.model = declared.content ->> 'model' and permission.operation = declared.content ->> 'operation'
union
select
  known.client_id, declared.capability, declared.way_number, declared.need_number, declared.need_count,
  known.odoo_group_id
from declared
join {{ ref('int_access__group') }} as known
  on known.external_ids && array(select jsonb_array_elements_text(declared.content -> 'groups'))
where declared.content ? 'groups'
