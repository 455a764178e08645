-- Targets count in the quarter in which the ticket was opened: that is when the promise was made.
with promised as (
  select
    event.client_id,
    date_trunc('quarter', event.opened_at at time zone source.timezone)::date as period_start_on,
    {% for kind in ['response', 'resolution'] -%}
    count(*) filter (where kind = '{{ kind }}' and state = 'met') as {{ kind }}_met_count,
    count(*) filter (where kind = '{{ kind }}' and state = 'missed') as {{ kind }}_missed_count,
    count(*) filter (where kind = '{{ kind }}' and state in ('running', 'at risk')) as {{ kind }}_running_count,
    count(*) filter (where kind = '{{ kind }}' and state = 'at risk') as {{ kind }}_at_risk_count,
    {% endfor -%}
    count(*) filter (where is_odoo_agreeing is false) as odoo_disagrees_count
  from {{ ref('tickets_sla_event') }} as event
  join {{ ref('int_tickets__source') }} as source on source.client_id = event.client_id
  group by event.client_id, date_trunc('quarter', event.opened_at at time zone source.timezone)::date
),

flows as (
  select *, row_number() over (partition by client_id order by period_start_on desc) as place
  from {{ ref('tickets_flow_quarterly') }}
)

select
  flows.client_id::text as client_id,
  flows.quarter::text as quarter,
  flows.period::text as period,
  flows.period_start_on::date as period_start_on,
  flows.opened_count::bigint as opened_count,
  flows.closed_count::bigint as closed_count,
  flows.reopened_count::bigint as reopened_count,
  flows.deleted_open_count::bigint as deleted_open_count,
  flows.net_count::bigint as net_count,
  flows.backlog_count::bigint as backlog_count,
  flows.backlog_to_7_days_count::bigint as backlog_to_7_days_count,
  flows.backlog_to_30_days_count::bigint as backlog_to_30_days_count,
  flows.backlog_to_90_days_count::bigint as backlog_to_90_days_count,
  flows.backlog_over_90_days_count::bigint as backlog_over_90_days_count,
  stated.source_open_count::bigint as source_open_count,
  stated.difference_count::bigint as source_difference_count,
  flows.response_median_business_hours::double precision as response_median_business_hours,
  flows.response_p90_business_hours::double precision as response_p90_business_hours,
  flows.resolution_median_business_hours::double precision as resolution_median_business_hours,
  flows.resolution_p90_business_hours::double precision as resolution_p90_business_hours,
  flows.first_contact_pct::double precision as first_contact_pct,
  {% for kind in ['response', 'resolution'] -%}
  coalesce(promised.{{ kind }}_met_count, 0)::bigint as {{ kind }}_met_count,
  coalesce(promised.{{ kind }}_missed_count, 0)::bigint as {{ kind }}_missed_count,
  coalesce(promised.{{ kind }}_running_count, 0)::bigint as {{ kind }}_running_count,
  coalesce(promised.{{ kind }}_at_risk_count, 0)::bigint as {{ kind }}_at_risk_count,
  (100.0 * promised.{{ kind }}_met_count / nullif(promised.{{ kind }}_met_count + promised.{{ kind }}_missed_count, 0))::double precision
    as {{ kind }}_met_pct,
  {% endfor -%}
  coalesce(promised.odoo_disagrees_count, 0)::bigint as odoo_disagrees_count,
  case
    when promised.client_id is null then 'n/a: no target of config/policies/tickets.yml holds for a ticket opened in it'
    when promised.response_met_count + promised.response_missed_count + promised.resolution_met_count + promised.resolution_missed_count = 0
      then 'n/a: no target of a ticket opened in it is met or missed yet'
    else ''
  end::text as target_reason,
  calendar.reason::text as hours_reason,
  flows.is_period_complete,
  flows.as_of_at::timestamptz as as_of_at,
  {{ build_id() }} as build_id
from flows
left join promised on promised.client_id = flows.client_id and promised.period_start_on = flows.period_start_on
left join {{ ref('tickets_backlog_check') }} as stated on stated.client_id = flows.client_id and flows.place = 1
left join {{ ref('int_tickets__calendar') }} as calendar on calendar.client_id = flows.client_id
where flows.place <= {{ var('published_quarters') }}
