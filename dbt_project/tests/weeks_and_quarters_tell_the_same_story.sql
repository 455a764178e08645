-- Weeks and quarters are cut from the same events: their totals, and the backlog they end with, agree.
with weekly as (
  select client_id, sum(opened_count) as opened_count, sum(closed_count) as closed_count,
    (array_agg(backlog_count order by period_start_on desc))[1] as backlog_count
  from {{ ref('tickets_flow_weekly') }}
  group by client_id
),

quarterly as (
  select client_id, sum(opened_count) as opened_count, sum(closed_count) as closed_count,
    (array_agg(backlog_count order by period_start_on desc))[1] as backlog_count
  from {{ ref('tickets_flow_quarterly') }}
  group by client_id
)

select weekly.client_id, weekly.backlog_count as weekly_backlog_count, quarterly.backlog_count as quarterly_backlog_count
from weekly
full join quarterly on quarterly.client_id = weekly.client_id
where weekly.backlog_count is distinct from quarterly.backlog_count
