with turns as (
  select
    *,
    lag(is_closed, 1, false) over ticket as was_closed,
    lead(place) over ticket is null as is_last,
    -- Places decide the order; a clock that ran backwards may not.
    max(changed_at) over (ticket rows unbounded preceding) as happened_at
  from {{ tickets_of('int_tickets__status_change') }} as status
  window ticket as (partition by client_id, source_client_id, ticket_id order by place)
),

events as (
  select client_id, source_client_id, ticket_id, category, opened_at as happened_at, 'opened' as event, null as outcome,
    'tracked' as basis, false as is_before_opening, -1 as place, 1 as backlog_change
  from {{ tickets_of('int_tickets__ticket') }} as ticket
  union all
  select turns.client_id, turns.source_client_id, turns.ticket_id, ticket.category, turns.happened_at,
    case when turns.is_closed then 'closed' else 'reopened' end, case when turns.is_closed then turns.outcome end, turns.basis,
    turns.is_closed and turns.is_before_opening, turns.place, case when turns.is_closed then -1 else 1 end
  from turns
  join {{ ref('int_tickets__ticket') }} as ticket
    on ticket.client_id = turns.client_id
    and ticket.source_client_id = turns.source_client_id
    and ticket.ticket_id = turns.ticket_id
  where turns.is_closed <> turns.was_closed
  union all
  select
    ticket.client_id,
    ticket.source_client_id,
    ticket.ticket_id,
    ticket.category,
    greatest(ticket.deleted_at, ticket.opened_at, turns.happened_at),
    'deleted',
    null,
    'stamped',
    false,
    2147483647,
    case when turns.is_closed then 0 else -1 end
  from {{ tickets_of('int_tickets__ticket') }} as ticket
  left join turns
    on turns.is_last
    and turns.client_id = ticket.client_id
    and turns.source_client_id = ticket.source_client_id
    and turns.ticket_id = ticket.ticket_id
  where ticket.deleted_at is not null
)

select
  events.client_id,
  events.source_client_id,
  events.ticket_id,
  events.category,
  events.happened_at,
  (events.happened_at at time zone source.timezone)::date as happened_on,
  date_trunc('week', events.happened_at at time zone source.timezone)::date as week_starts_on,
  date_trunc('quarter', events.happened_at at time zone source.timezone)::date as quarter_starts_on,
  events.event,
  events.outcome,
  events.basis,
  events.is_before_opening,
  events.place,
  events.backlog_change
from events
join {{ ref('int_tickets__source') }} as source
  on source.client_id = events.client_id and source.is_available and events.happened_at < source.as_of_at
