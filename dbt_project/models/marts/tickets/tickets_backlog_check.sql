-- The source's own count: what its rows said when they were last read, counted without any history.
with stated as (
  select
    ticket.client_id,
    case
      when ticket.state is not null then ticket.state not like '1\_%'
      else not coalesce(stage.is_closing, false)
    end as is_open
  from {{ ref('int_tickets__ticket') }} as ticket
  left join {{ ref('int_tickets__stage') }} as stage
    on stage.client_id = ticket.source_client_id
    and stage.ticket_model = ticket.ticket_model
    and stage.odoo_stage_id = ticket.odoo_stage_id
    and stage.holds_until = 'infinity'
  where not ticket.is_deleted
),

counted as (
  select client_id, count(*) filter (where is_open) as source_open_count
  from stated
  group by client_id
),

found as (
  select client_id, count(*) as backlog_count
  from {{ ref('int_tickets__open_span') }}
  where open_until is null
  group by client_id
)

select
  source.client_id,
  source.quarter,
  coalesce(found.backlog_count, 0) as backlog_count,
  case when source.as_of_at = {{ build_as_of_at() }} then coalesce(counted.source_open_count, 0) end as source_open_count,
  case when source.as_of_at = {{ build_as_of_at() }} then coalesce(found.backlog_count, 0) - coalesce(counted.source_open_count, 0) end as difference_count,
  state.verdict as completeness,
  case when source.as_of_at = {{ build_as_of_at() }} then '' else 'the source''s own count is that of the last reading, not of the quarter''s end' end as reason,
  source.as_of_at
from {{ ref('int_tickets__source') }} as source
left join counted on counted.client_id = source.client_id
left join found on found.client_id = source.client_id
left join {{ ref('int_review__model_state') }} as state
  on state.client_id = source.client_id and state.model = source.ticket_model
where source.is_available
