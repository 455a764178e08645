-- depends_on: {{ ref('int_tickets__touched_period') }}
{% set touched = kept_table('int_tickets__touched_period') %}
with hours as (
  select *, date_trunc('week', happened_on::timestamp)::date as week_on, date_trunc('quarter', happened_on::timestamp)::date as quarter_on
  from (
    {{ ticket_hours(ref('int_tickets__measured')) }}
  ) as measured
),

measured as (
  select
    client_id,
    case when grouping(week_on) = 0 then 'week' else 'quarter' end as unit,
    case when grouping(category) = 0 then category else '' end as category,
    coalesce(week_on, quarter_on) as period_start_on,
    measure,
    count(*) as ticket_count,
    percentile_cont(array[0.5, 0.9]) within group (order by hours) as percentiles
  from hours
  {% if tickets_are_kept() %}
  -- A week that lies in two quarters is needed whole for itself, and its days for them.
  where (client_id, measure, week_on) in (select client_id, measure, period_start_on from {{ touched }} where unit = 'week')
    or (client_id, measure, quarter_on) in (select client_id, measure, period_start_on from {{ touched }} where unit = 'quarter')
  {% endif %}
  group by client_id, measure, grouping sets ((week_on, category), (week_on), (quarter_on, category), (quarter_on))
)

select
  client_id,
  unit,
  category,
  period_start_on,
  measure,
  ticket_count,
  percentiles[1] as median_hours,
  percentiles[2] as p90_hours
from measured
{% if tickets_are_kept() %}
where (client_id, unit, category, period_start_on, measure) in (
  select client_id, unit, category, period_start_on, measure from {{ touched }})
{% endif %}
