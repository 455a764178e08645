{# One row per client (and category) and period, quiet periods too, from the first ticket (at most eleven years back) to the
   moment of evaluation; always at least from the beginning of the quarter under review. Weeks and quarters differ in these
   words only. #}
{% macro ticket_flow(unit, label, length, by_category=false) -%}
{%- set category = 'category, ' if by_category else '' -%}
with days as (
  select *, date_trunc('{{ unit }}', happened_on::timestamp)::date as bucket_on from {{ ref('int_tickets__day') }}
),

spans as (
  select
    source.client_id,
    source.quarter,
    source.timezone,
    source.as_of_at,
    greatest(
      least(date_trunc('{{ unit }}', source.quarter_starts_at at time zone source.timezone)::date, min(days.bucket_on)),
      date_trunc('{{ unit }}', source.as_of_on - interval '11 years')::date
    ) as first_on,
    date_trunc('{{ unit }}', source.as_of_on::timestamp)::date as last_on
  from {{ ref('int_tickets__source') }} as source
  left join days on days.client_id = source.client_id
  where source.is_available
  group by source.client_id, source.quarter, source.timezone, source.as_of_at, source.as_of_on, source.quarter_starts_at
),

periods as (
  select
    spans.client_id,
    {% if by_category %}categories.category,{% endif %}
    spans.quarter,
    spans.as_of_at,
    series.starts_on::date as period_start_on,
    series.starts_on at time zone spans.timezone as period_starts_at,
    (series.starts_on + interval '{{ length }}') at time zone spans.timezone as period_ends_at
  from spans
  cross join lateral
    generate_series(spans.first_on::timestamp, spans.last_on::timestamp, interval '{{ length }}') as series (starts_on)
  {% if by_category %}
  join (select distinct client_id, category from days) as categories on categories.client_id = spans.client_id
  {% endif %}
),

-- What happened before the first period is counted with it, but only in what stands at its end.
counted as (
  select
    days.client_id,
    {{ category }}
    greatest(days.bucket_on, spans.first_on) as period_start_on,
    {% for count in fact_counts() -%}
    sum({{ count }}){{ ' filter (where days.bucket_on >= spans.first_on)' if count.endswith('_count') }} as {{ count }}{{ ',' if not loop.last }}
    {% endfor %}
  from days
  join spans on spans.client_id = days.client_id
  group by days.client_id, {{ category }} greatest(days.bucket_on, spans.first_on)
),

stood as (
  select
    periods.*,
    {% for count in fact_counts() if count.endswith('_count') -%}
    coalesce(counted.{{ count }}, 0)::bigint as {{ count }},
    {% endfor %}
    (sum(coalesce(counted.backlog_change, 0)) over period)::bigint as backlog_count,
    {% for days in [7, 30, 90] %}
    (sum(coalesce(counted.over_{{ days }}_days_change, 0)) over period)::bigint as over_{{ days }}_days_count{{ ',' if not loop.last }}
    {% endfor %}
  from periods
  left join counted on counted.client_id = periods.client_id and counted.period_start_on = periods.period_start_on
    {{ 'and counted.category = periods.category' if by_category }}
  window period as (partition by periods.client_id{{ ', periods.category' if by_category }} order by periods.period_start_on)
)

select
  periods.client_id,
  {% if by_category %}periods.category,{% endif %}
  periods.quarter,
  to_char(periods.period_start_on, '{{ label }}') as period,
  periods.period_start_on,
  periods.period_starts_at,
  periods.period_ends_at,
  periods.opened_count,
  periods.closed_count,
  periods.reopened_count,
  periods.deleted_open_count,
  periods.stamped_close_count,
  periods.opened_count + periods.reopened_count - periods.closed_count - periods.deleted_open_count as net_count,
  periods.backlog_count,
  periods.backlog_count - periods.over_7_days_count as backlog_to_7_days_count,
  periods.over_7_days_count - periods.over_30_days_count as backlog_to_30_days_count,
  periods.over_30_days_count - periods.over_90_days_count as backlog_to_90_days_count,
  periods.over_90_days_count as backlog_over_90_days_count,
  coalesce(response.ticket_count, 0)::bigint as responded_count,
  response.median_hours as response_median_business_hours,
  response.p90_hours as response_p90_business_hours,
  coalesce(resolution.ticket_count, 0)::bigint as resolved_count,
  resolution.median_hours as resolution_median_business_hours,
  resolution.p90_hours as resolution_p90_business_hours,
  periods.concluded_count,
  periods.first_contact_count,
  (100.0 * periods.first_contact_count / nullif(periods.concluded_count, 0))::double precision as first_contact_pct,
  periods.period_ends_at <= periods.as_of_at as is_period_complete,
  periods.as_of_at
from stood as periods
{% for measure in ['response', 'resolution'] %}
left join {{ ref('int_tickets__hours') }} as {{ measure }}
  on {{ measure }}.client_id = periods.client_id
  and {{ measure }}.unit = '{{ unit }}'
  and {{ measure }}.category = {{ 'periods.category' if by_category else "''" }}
  and {{ measure }}.period_start_on = periods.period_start_on
  and {{ measure }}.measure = '{{ measure }}'
{% endfor %}
{%- endmacro %}
