-- depends_on: {{ ref('int_tickets__touched_period') }}
with hours as (
  {{ ticket_hours(ref('int_tickets__measured')) }}
),

placed as (
  select hours.client_id, unit.unit, side.category, unit.period_start_on, hours.measure, hours.hours
  from hours
  cross join lateral (values
    ('week', date_trunc('week', hours.happened_on::timestamp)::date),
    ('quarter', date_trunc('quarter', hours.happened_on::timestamp)::date)
  ) as unit (unit, period_start_on)
  cross join lateral (values (''), (hours.category)) as side (category)
  {% if tickets_are_kept() %}
  where (hours.client_id, unit.unit, side.category, unit.period_start_on, hours.measure) in (
    select client_id, unit, category, period_start_on, measure from {{ kept_table('int_tickets__touched_period') }})
  {% endif %}
)

select
  client_id,
  unit,
  category,
  period_start_on,
  measure,
  count(*) as ticket_count,
  (percentile_cont(array[0.5, 0.9]) within group (order by hours))[1] as median_hours,
  (percentile_cont(array[0.5, 0.9]) within group (order by hours))[2] as p90_hours
from placed
group by client_id, unit, category, period_start_on, measure
