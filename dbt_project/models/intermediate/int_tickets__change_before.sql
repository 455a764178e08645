{% set skipped_weeks = var('signal_span_days') // 7 %}

-- As tickets.trend compares the years, a quarter earlier.
with weeks as (
  select
    flow.client_id,
    flow.opened_count,
    row_number() over (partition by flow.client_id order by flow.period_start_on desc) as place
  from {{ ref('tickets_flow_weekly') }} as flow
  join (
    select client_id, min(week_starts_on) as first_week_on
    from {{ ref('int_tickets__event') }}
    where event = 'opened'
    group by client_id
  ) as beginning on beginning.client_id = flow.client_id
  where flow.is_period_complete and flow.period_start_on > beginning.first_week_on
),

years as (
  select
    client_id,
    sum(opened_count) filter (where place <= {{ skipped_weeks + 52 }}) as recent_count,
    sum(opened_count) filter (where place > {{ skipped_weeks + 52 }}) as earlier_count
  from weeks
  where place > {{ skipped_weeks }} and place <= {{ skipped_weeks + 104 }}
  group by client_id
  having count(*) = 104
)

select client_id, (recent_count::double precision / earlier_count - 1) * 100 as change_pct
from years
where earlier_count > 0
