{# One row per client (and category) and period, quiet periods too, from the first ticket (at most eleven years back) to the
   moment of evaluation; always at least from the beginning of the quarter under review. Weeks and quarters differ in these
   words only. #}
{% macro ticket_flow(unit, label, length, by_category=false) -%}
{%- set bucket = unit ~ '_starts_on' -%}
{%- set category = 'category, ' if by_category else '' -%}
{%- set same_category = 'and %s.category = periods.category' if by_category else '%s' -%}
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
  join (select distinct client_id, category from {{ ref('int_tickets__event') }}) as categories
    on categories.client_id = spans.client_id
  {% endif %}
),

-- What happened before the first period is counted with it, but only in what stands at its end.
counted as (
  select
    event.client_id,
    {{ category }}
    greatest(event.{{ bucket }}, spans.first_on) as period_start_on,
    count(*) filter (where event = 'opened' and {{ bucket }} >= first_on) as opened_count,
    count(*) filter (where event = 'closed' and {{ bucket }} >= first_on) as closed_count,
    count(*) filter (where event = 'reopened' and {{ bucket }} >= first_on) as reopened_count,
    count(*) filter (where event = 'deleted' and backlog_change < 0 and {{ bucket }} >= first_on) as deleted_open_count,
    count(*) filter (where event = 'closed' and basis = 'stamped' and {{ bucket }} >= first_on) as stamped_close_count,
    sum(backlog_change) as backlog_change
  from {{ ref('int_tickets__event') }} as event
  join spans on spans.client_id = event.client_id
  group by event.client_id, {{ category }} greatest(event.{{ bucket }}, spans.first_on)
),

-- An open ticket comes of age once and leaves once: its age at every period's end follows without looking at each.
ageing as (
  select span.client_id, {{ category }} days, greatest(span.open_from, span.opened_at + make_interval(days => days)) as came_at, span.open_until
  from {{ ref('int_tickets__open_span') }} as span
  cross join (values (7), (30), (90)) as threshold (days)
  where greatest(span.open_from, span.opened_at + make_interval(days => days)) < coalesce(span.open_until, 'infinity')
),

aged as (
  select
    turns.client_id,
    {{ category }}
    greatest(date_trunc('{{ unit }}', turns.at at time zone spans.timezone)::date, spans.first_on) as period_start_on,
    {% for days in [7, 30, 90] %}
    sum(turns.change) filter (where turns.days = {{ days }}) as over_{{ days }}_days_change{{ ',' if not loop.last }}
    {% endfor %}
  from (
    select client_id, {{ category }} days, came_at as at, 1 as change from ageing
    union all
    select client_id, {{ category }} days, open_until, -1 from ageing where open_until is not null
  ) as turns
  join spans on spans.client_id = turns.client_id and turns.at < spans.as_of_at
  group by turns.client_id, {{ category }} greatest(date_trunc('{{ unit }}', turns.at at time zone spans.timezone)::date, spans.first_on)
),

{% for measure, instant, value in [('responded', 'first_response_at', 'response_business_hours'), ('resolved', 'first_resolved_at', 'resolution_business_hours')] %}
{{ measure }} as (
  select
    ticket.client_id,
    {{ category }}
    date_trunc('{{ unit }}', ticket.{{ instant }} at time zone spans.timezone)::date as period_start_on,
    count(*) as {{ measure }}_count,
    percentile_cont(array[0.5, 0.9]) within group (order by ticket.{{ value }}) as hours
  from {{ ref('tickets_ticket') }} as ticket
  join spans on spans.client_id = ticket.client_id
  where ticket.{{ value.replace('_business', '') }} is not null
  group by ticket.client_id, {{ category }} date_trunc('{{ unit }}', ticket.{{ instant }} at time zone spans.timezone)::date
),

{% endfor %}
concluded as (
  select
    ticket.client_id,
    {{ category }}
    date_trunc('{{ unit }}', ticket.first_closed_at at time zone spans.timezone)::date as period_start_on,
    count(*) as concluded_count,
    count(*) filter (where ticket.is_first_contact) as first_contact_count
  from {{ ref('tickets_ticket') }} as ticket
  join spans on spans.client_id = ticket.client_id
  where ticket.first_closed_at is not null and coalesce(ticket.outcome, 'done') not in ('cancelled', 'merged')
  group by ticket.client_id, {{ category }} date_trunc('{{ unit }}', ticket.first_closed_at at time zone spans.timezone)::date
),

stood as (
  select
    periods.*,
    coalesce(counted.opened_count, 0)::bigint as opened_count,
    coalesce(counted.closed_count, 0)::bigint as closed_count,
    coalesce(counted.reopened_count, 0)::bigint as reopened_count,
    coalesce(counted.deleted_open_count, 0)::bigint as deleted_open_count,
    coalesce(counted.stamped_close_count, 0)::bigint as stamped_close_count,
    (sum(coalesce(counted.backlog_change, 0)) over period)::bigint as backlog_count,
    {% for days in [7, 30, 90] %}
    (sum(coalesce(aged.over_{{ days }}_days_change, 0)) over period)::bigint as over_{{ days }}_days_count{{ ',' if not loop.last }}
    {% endfor %}
  from periods
  left join counted on counted.client_id = periods.client_id and counted.period_start_on = periods.period_start_on {{ same_category | replace('%s', 'counted') if by_category }}
  left join aged on aged.client_id = periods.client_id and aged.period_start_on = periods.period_start_on {{ same_category | replace('%s', 'aged') if by_category }}
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
  coalesce(responded.responded_count, 0)::bigint as responded_count,
  responded.hours[1] as response_median_business_hours,
  responded.hours[2] as response_p90_business_hours,
  coalesce(resolved.resolved_count, 0)::bigint as resolved_count,
  resolved.hours[1] as resolution_median_business_hours,
  resolved.hours[2] as resolution_p90_business_hours,
  coalesce(concluded.concluded_count, 0)::bigint as concluded_count,
  coalesce(concluded.first_contact_count, 0)::bigint as first_contact_count,
  (100.0 * concluded.first_contact_count / concluded.concluded_count)::double precision as first_contact_pct,
  periods.period_ends_at <= periods.as_of_at as is_period_complete,
  periods.as_of_at
from stood as periods
{% for measure in ['responded', 'resolved', 'concluded'] %}
left join {{ measure }} on {{ measure }}.client_id = periods.client_id and {{ measure }}.period_start_on = periods.period_start_on {{ same_category | replace('%s', measure) if by_category }}
{% endfor %}
{%- endmacro %}
