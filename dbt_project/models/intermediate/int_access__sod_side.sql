with rules as (
  select substr(setting, length('sod.') + 1) as rule, value
  from {{ source('ops', 'policy_setting') }}
  where build_id = {{ build_id() }} and setting like 'sod.%'
)

select rules.rule, side.number as side_number, jsonb_array_length(rules.value -> 'sides') as side_count, capability.name as capability,
  array(select jsonb_array_elements_text(entry.value -> 'acts')) as acts
from rules
cross join lateral jsonb_array_elements(rules.value -> 'sides') with ordinality as side (content, number)
cross join lateral jsonb_array_elements_text(side.content) as capability (name)
join {{ source('ops', 'policy_setting') }} as entry
  on entry.build_id = {{ build_id() }} and entry.setting = 'capability.' || capability.name
