with said as (
  select client_id, jsonb_object_agg(setting, value) as rules
  from {{ source('ops', 'ticket_policy') }}
  where build_id = {{ build_id() }}
  group by client_id
),

ruled as (
  select client.client_id, coalesce(common.rules, '{}') || coalesce(own.rules, '{}') as rules
  from {{ source('ops', 'client') }} as client
  left join said as common on common.client_id = ''
  left join said as own on own.client_id = client.client_id
)

select
  client_id,
  {% for meaning in ['cancelled', 'rejected', 'merged', 'resolved', 'waiting', 'closing'] %}
  array(select jsonb_array_elements_text(rules -> 'stages.{{ meaning }}')) as {{ meaning }}_names,
  {% endfor %}
  coalesce(rules ->> 'requester', 'hashed') = 'hashed' as is_requester_hashed,
  coalesce(rules ->> 'task_category', 'none') as task_category,
  (rules ->> 'repeat_days')::integer as repeat_days,
  (rules ->> 'at_risk_share')::double precision as at_risk_share,
  rules ? 'has_targets' and client_id = (rules ->> 'has_targets') as has_own_targets,
  rules -> 'mirror' ->> 'pattern' as mirror_pattern,
  rules -> 'mirror' ->> 'names' as mirror_names
from ruled
