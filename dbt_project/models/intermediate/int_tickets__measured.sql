-- Priority at the opening: the night that first saw the ticket knows it, if this client's history was already kept then.
with versions as (
  select client_id, odoo_ticket_id as ticket_id, 'helpdesk.ticket' as ticket_model, priority, dbt_valid_from as seen_at
  from {{ ref('snap_odoo__helpdesk_ticket') }}
  union all
  select client_id, odoo_task_id, 'project.task', priority, dbt_valid_from
  from {{ ref('snap_odoo__project_task') }}
),

first_seen as (
  select distinct on (versions.client_id, versions.ticket_model, versions.ticket_id)
    versions.client_id, versions.ticket_model, versions.ticket_id, versions.priority
  from versions
  join (
    select client_id, ticket_model, min(seen_at) as begins_at from versions group by client_id, ticket_model
  ) as history on history.client_id = versions.client_id and history.ticket_model = versions.ticket_model
  join {{ tickets_of('int_tickets__ticket') }} as ticket
    on ticket.source_client_id = versions.client_id
    and ticket.ticket_model = versions.ticket_model
    and ticket.ticket_id = versions.ticket_id
    and ticket.opened_at > history.begins_at
  order by versions.client_id, versions.ticket_model, versions.ticket_id, versions.seen_at
),

responses as (
  select client_id, source_client_id, ticket_id, min(answered_at) as first_response_at, count(*) as staff_message_count
  from {{ tickets_of('int_tickets__answer') }} as answer
  group by client_id, source_client_id, ticket_id
)

select
  ticket.client_id,
  ticket.source_client_id,
  ticket.ticket_model,
  ticket.ticket_id,
  ticket.is_mapped,
  ticket.category,
  ticket.priority,
  seen.priority as priority_at_opening,
  ticket.requester,
  ticket.odoo_team_id,
  ticket.odoo_project_id,
  ticket.opened_at,
  acknowledgement.acknowledged_at,
  response.first_response_at,
  coalesce(response.staff_message_count, 0) as staff_message_count,
  milestone.first_resolved_at,
  milestone.first_closed_at,
  milestone.reopened_count,
  milestone.last_reopened_at,
  milestone.resolved_again_at,
  case when not milestone.is_open then milestone.last_closed_at end as closed_at,
  milestone.deleted_at,
  milestone.is_open,
  case when not milestone.is_open then milestone.outcome end as outcome,
  milestone.is_closed_before_opened,
  milestone.is_closing_stamped,
  use.is_resolution as has_resolution,
  not milestone.is_open and milestone.outcome not in ('cancelled', 'merged')
    and coalesce(response.staff_message_count, 0) = 1 and milestone.reopened_count = 0 as is_first_contact,
  {{ calendar_hours('ticket.opened_at', 'acknowledgement.acknowledged_at') }} as acknowledgement_hours,
  {{ business_hours('opened', 'ticket.opened_at', 'acknowledged', 'acknowledgement.acknowledged_at') }} as acknowledgement_business_hours,
  case when use.is_response then {{ calendar_hours('ticket.opened_at', 'response.first_response_at') }} end as response_hours,
  case when use.is_response then {{ business_hours('opened', 'ticket.opened_at', 'responded', 'response.first_response_at') }} end as response_business_hours,
  case when use.is_resolution then {{ calendar_hours('ticket.opened_at', 'milestone.first_resolved_at') }} end as resolution_hours,
  case when use.is_resolution then {{ business_hours('opened', 'ticket.opened_at', 'resolved', 'milestone.first_resolved_at') }} end as resolution_business_hours,
  case when use.is_resolution then {{ calendar_hours('milestone.last_reopened_at', 'milestone.resolved_again_at') }} end as resolution_again_hours,
  case when use.is_resolution then {{ business_hours('reopened', 'milestone.last_reopened_at', 'resolved_again', 'milestone.resolved_again_at') }} end as resolution_again_business_hours,
  -- Days of the client on which it is counted: with its hours of response and resolution, and as closed for the first time.
  case when use.is_response then (response.first_response_at at time zone source.timezone)::date end as responded_on,
  case when use.is_resolution then (milestone.first_resolved_at at time zone source.timezone)::date end as resolved_on,
  case when coalesce(case when not milestone.is_open then milestone.outcome end, 'done') not in ('cancelled', 'merged')
    then (milestone.first_closed_at at time zone source.timezone)::date end as concluded_on
from {{ tickets_of('int_tickets__ticket') }} as ticket
join {{ ref('int_tickets__source') }} as source
  on source.client_id = ticket.client_id and source.is_available and ticket.opened_at < source.as_of_at
join {{ tickets_of('int_tickets__milestone') }} as milestone
  on milestone.client_id = ticket.client_id
  and milestone.source_client_id = ticket.source_client_id
  and milestone.ticket_id = ticket.ticket_id
left join responses as response
  on response.client_id = ticket.client_id
  and response.source_client_id = ticket.source_client_id
  and response.ticket_id = ticket.ticket_id
left join {{ tickets_of('int_tickets__acknowledgement') }} as acknowledgement
  on acknowledgement.client_id = ticket.client_id
  and acknowledgement.source_client_id = ticket.source_client_id
  and acknowledgement.ticket_id = ticket.ticket_id
left join first_seen as seen
  on seen.client_id = ticket.source_client_id
  and seen.ticket_model = ticket.ticket_model
  and seen.ticket_id = ticket.ticket_id
cross join lateral (
  select
    coalesce(response.first_response_at >= ticket.opened_at, false) as is_response,
    -- Reopened and not resolved again: the first cycle keeps its time. Withdrawn tickets and impossible ones have none.
    milestone.first_resolved_at is not null
      and not milestone.is_closed_before_opened
      and coalesce(milestone.is_open or milestone.outcome not in ('cancelled', 'merged'), true) as is_resolution
) as use
{{ join_working_piece('opened', 'ticket.client_id', 'ticket.opened_at') }}
{{ join_working_piece('acknowledged', 'ticket.client_id', 'acknowledgement.acknowledged_at') }}
{{ join_working_piece('responded', 'ticket.client_id', 'response.first_response_at') }}
{{ join_working_piece('resolved', 'ticket.client_id', 'milestone.first_resolved_at') }}
{{ join_working_piece('reopened', 'ticket.client_id', 'milestone.last_reopened_at') }}
{{ join_working_piece('resolved_again', 'ticket.client_id', 'milestone.resolved_again_at') }}
