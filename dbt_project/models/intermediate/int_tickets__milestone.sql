with turns as (
  select
    client_id,
    source_client_id,
    ticket_id,
    min(happened_at) filter (where event = 'closed') as first_closed_at,
    max(happened_at) filter (where event = 'closed') as last_closed_at,
    count(*) filter (where event = 'reopened') as reopened_count,
    max(happened_at) filter (where event = 'reopened') as last_reopened_at,
    max(place) filter (where event = 'reopened') as last_reopened_place,
    max(happened_at) filter (where event = 'deleted') as deleted_at,
    sum(backlog_change) > 0 as is_open,
    bool_or(is_before_opening) as is_closed_before_opened,
    bool_or(event = 'closed' and basis = 'stamped') as is_closing_stamped
  from {{ tickets_of('int_tickets__event') }} as event
  group by client_id, source_client_id, ticket_id
),

outcomes as (
  select distinct on (status.client_id, status.source_client_id, status.ticket_id)
    status.client_id, status.source_client_id, status.ticket_id, status.outcome
  from {{ tickets_of('int_tickets__status_change') }} as status
  join {{ ref('int_tickets__source') }} as source
    on source.client_id = status.client_id and status.changed_at < source.as_of_at
  where status.is_closed
  order by status.client_id, status.source_client_id, status.ticket_id, status.place desc
),

resolved as (
  select status.client_id, status.source_client_id, status.ticket_id, status.changed_at as resolved_at, status.place
  from {{ tickets_of('int_tickets__status_change') }} as status
  where status.is_closed and status.outcome in ('done', 'rejected')
  union all
  -- A task with a state closes by it; the places of its stages are no places of its states.
  select span.client_id, span.source_client_id, span.ticket_id, span.entered_at, case when ticket.state is null then span.place end
  from {{ tickets_of('int_tickets__stage_span') }} as span
  join {{ ref('int_tickets__ticket') }} as ticket
    on ticket.client_id = span.client_id
    and ticket.source_client_id = span.source_client_id
    and ticket.ticket_id = span.ticket_id
  where span.is_resolved and not span.is_closing
),

resolutions as (
  select
    resolved.client_id,
    resolved.source_client_id,
    resolved.ticket_id,
    min(resolved.resolved_at) as first_resolved_at,
    min(resolved.resolved_at) filter (
      where turns.reopened_count > 0
        and coalesce(resolved.place > turns.last_reopened_place, resolved.resolved_at > turns.last_reopened_at)
    ) as resolved_again_at
  from resolved
  join turns
    on turns.client_id = resolved.client_id
    and turns.source_client_id = resolved.source_client_id
    and turns.ticket_id = resolved.ticket_id
  join {{ ref('int_tickets__source') }} as source
    on source.client_id = resolved.client_id and resolved.resolved_at < source.as_of_at
  group by resolved.client_id, resolved.source_client_id, resolved.ticket_id
)

select
  turns.client_id,
  turns.source_client_id,
  turns.ticket_id,
  turns.first_closed_at,
  turns.last_closed_at,
  turns.reopened_count,
  turns.last_reopened_at,
  turns.deleted_at,
  turns.is_open,
  turns.is_closed_before_opened,
  turns.is_closing_stamped,
  outcomes.outcome,
  resolutions.first_resolved_at,
  resolutions.resolved_again_at
from turns
left join outcomes
  on outcomes.client_id = turns.client_id
  and outcomes.source_client_id = turns.source_client_id
  and outcomes.ticket_id = turns.ticket_id
left join resolutions
  on resolutions.client_id = turns.client_id
  and resolutions.source_client_id = turns.source_client_id
  and resolutions.ticket_id = turns.ticket_id
