with flows as (
  select
    *,
    'week' as period_kind,
    row_number() over (partition by client_id order by period_start_on desc) as place
  from {{ ref('tickets_flow_weekly') }}
  union all
  select
    *,
    'quarter' as period_kind,
    row_number() over (partition by client_id order by period_start_on desc) as place
  from {{ ref('tickets_flow_quarterly') }}
)

select
  client_id::text as client_id,
  quarter::text as quarter,
  period_kind::text as period_kind,
  period::text as period,
  period_start_on::date as period_start_on,
  opened_count::bigint as opened_count,
  closed_count::bigint as closed_count,
  backlog_count::bigint as backlog_count,
  is_period_complete,
  as_of_at::timestamptz as as_of_at,
  {{ build_id() }} as build_id
from flows
where place <= case period_kind when 'week' then {{ var('published_weeks') }} else {{ var('published_quarters') }} end
