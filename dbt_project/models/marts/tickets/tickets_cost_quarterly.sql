-- Hours are linked to a ticket by a field that a module brings; without it nothing is known, which is not nothing.
with links as (
  select coverage.client_id, bool_or(coverage.is_present) as is_linked
  from {{ source('ops', 'field_coverage') }} as coverage
  join {{ ref('int_tickets__home') }} as home on home.client_id = coverage.client_id and home.source_client_id = coverage.client_id
  where coverage.model = 'account.analytic.line'
    and coverage.field = any (case home.ticket_model when 'project.task' then array['task_id'] else array['ticket_id', 'helpdesk_ticket_id'] end)
  group by coverage.client_id
),

worked as (
  select
    ticket.client_id,
    ticket.category,
    date_trunc('quarter', line.worked_on)::date as period_start_on,
    sum(line.hours) as hours,
    count(distinct (ticket.source_client_id, ticket.ticket_id)) as ticket_count
  from {{ ref('stg_odoo__account_analytic_line') }} as line
  join {{ ref('int_tickets__ticket') }} as ticket
    on ticket.source_client_id = line.client_id
    and ticket.ticket_id = case ticket.ticket_model when 'project.task' then line.odoo_task_id else line.odoo_ticket_id end
  join {{ ref('int_tickets__source') }} as source
    on source.client_id = ticket.client_id and line.worked_on <= source.as_of_on
  where not line.is_deleted
  group by ticket.client_id, ticket.category, date_trunc('quarter', line.worked_on)::date
)

select
  flow.client_id,
  flow.category,
  flow.quarter,
  flow.period,
  flow.period_start_on,
  case when links.is_linked then coalesce(worked.hours, 0) end::double precision as hours,
  case when links.is_linked then coalesce(worked.ticket_count, 0) end::bigint as ticket_count,
  case
    when links.is_linked then ''
    when links.client_id is null then 'n/a: nothing was read of this client''s timesheets'
    else 'n/a: no module of this client''s Odoo links timesheets to tickets'
  end as reason,
  flow.is_period_complete,
  flow.as_of_at
from {{ ref('tickets_category_quarterly') }} as flow
left join links on links.client_id = flow.client_id
left join worked
  on worked.client_id = flow.client_id and worked.category = flow.category and worked.period_start_on = flow.period_start_on
