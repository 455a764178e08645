{% if tickets_are_kept() %}
select distinct touched.client_id, unit.unit, side.category, unit.period_start_on, touched.measure
from {{ ref('int_tickets__touched_day') }} as touched
cross join lateral (values
  ('week', date_trunc('week', touched.happened_on::timestamp)::date),
  ('quarter', date_trunc('quarter', touched.happened_on::timestamp)::date)
) as unit (unit, period_start_on)
cross join lateral (values (''), (touched.category)) as side (category)
where touched.measure <> ''
{% else %}
-- depends_on: {{ ref('int_tickets__touched_day') }}
select ''::text as client_id, ''::text as unit, ''::text as category, null::date as period_start_on, ''::text as measure where false
{% endif %}
