{# One row per client and period, quiet periods too, from the first ticket (at most eleven years back) to the moment of
   evaluation; always at least from the beginning of the quarter under review. Weeks and quarters differ in these words only. #}
{% macro ticket_flow(unit, label, length) -%}
{%- set bucket = unit ~ '_starts_on' -%}
with spans as (
  select
    source.client_id,
    source.quarter,
    source.timezone,
    source.as_of_at,
    greatest(
      least(date_trunc('{{ unit }}', source.quarter_starts_at at time zone source.timezone)::date, min(event.{{ bucket }})),
      date_trunc('{{ unit }}', source.as_of_on - interval '11 years')::date
    ) as first_on,
    date_trunc('{{ unit }}', source.as_of_on::timestamp)::date as last_on
  from {{ ref('int_tickets__source') }} as source
  left join {{ ref('int_tickets__event') }} as event on event.client_id = source.client_id
  where source.is_available
  group by source.client_id, source.quarter, source.timezone, source.as_of_at, source.as_of_on, source.quarter_starts_at
),

periods as (
  select
    spans.client_id,
    spans.quarter,
    spans.as_of_at,
    spans.first_on,
    series.starts_on::date as period_start_on,
    series.starts_on at time zone spans.timezone as period_starts_at,
    (series.starts_on + interval '{{ length }}') at time zone spans.timezone as period_ends_at
  from spans
  cross join lateral
    generate_series(spans.first_on::timestamp, spans.last_on::timestamp, interval '{{ length }}') as series (starts_on)
),

counted as (
  select
    client_id,
    {{ bucket }} as period_start_on,
    count(*) filter (where event = 'opened') as opened_count,
    count(*) filter (where event = 'closed') as closed_count,
    count(*) filter (where event = 'reopened') as reopened_count,
    count(*) filter (where event = 'deleted' and backlog_change < 0) as deleted_open_count,
    count(*) filter (where event = 'closed' and basis = 'stamped') as stamped_close_count,
    sum(backlog_change) as backlog_change
  from {{ ref('int_tickets__event') }}
  group by client_id, {{ bucket }}
),

carried as (
  select counted.client_id, sum(counted.backlog_change) as backlog_count
  from counted
  join spans on spans.client_id = counted.client_id and counted.period_start_on < spans.first_on
  group by counted.client_id
)

select
  periods.client_id,
  periods.quarter,
  to_char(periods.period_start_on, '{{ label }}') as period,
  periods.period_start_on,
  periods.period_starts_at,
  periods.period_ends_at,
  coalesce(counted.opened_count, 0)::bigint as opened_count,
  coalesce(counted.closed_count, 0)::bigint as closed_count,
  coalesce(counted.reopened_count, 0)::bigint as reopened_count,
  coalesce(counted.deleted_open_count, 0)::bigint as deleted_open_count,
  coalesce(counted.stamped_close_count, 0)::bigint as stamped_close_count,
  (coalesce(carried.backlog_count, 0)
    + sum(coalesce(counted.backlog_change, 0)) over (
        partition by periods.client_id order by periods.period_start_on
      ))::bigint as backlog_count,
  periods.period_ends_at <= periods.as_of_at as is_period_complete,
  periods.as_of_at
from periods
left join counted on counted.client_id = periods.client_id and counted.period_start_on = periods.period_start_on
left join carried on carried.client_id = periods.client_id
{%- endmacro %}
