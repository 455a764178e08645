with turns as (
  select
    *,
    lag(is_closed, 1, false) over ticket as was_closed,
    -- Places decide the order; a clock that ran backwards may not.
    max(changed_at) over (ticket rows unbounded preceding) as happened_at
  from {{ ref('int_tickets__status_change') }}
  window ticket as (partition by client_id, source_client_id, ticket_id order by place)
),

endings as (
  select distinct on (client_id, source_client_id, ticket_id) client_id, source_client_id, ticket_id, is_closed, happened_at
  from turns
  order by client_id, source_client_id, ticket_id, place desc
),

events as (
  select client_id, source_client_id, ticket_id, opened_at as happened_at, 'opened' as event, null as outcome, 'tracked' as basis,
    false as is_before_opening, -1 as place, 1 as backlog_change
  from {{ ref('int_tickets__ticket') }}
  union all
  select client_id, source_client_id, ticket_id, happened_at, case when is_closed then 'closed' else 'reopened' end, case when is_closed then outcome end, basis,
    is_closed and is_before_opening, place,
    case when is_closed then -1 else 1 end
  from turns
  where is_closed <> was_closed
  union all
  select
    ticket.client_id,
    ticket.source_client_id,
    ticket.ticket_id,
    greatest(ticket.deleted_at, ticket.opened_at, endings.happened_at),
    'deleted',
    null,
    'stamped',
    false,
    2147483647,
    case when endings.is_closed then 0 else -1 end
  from {{ ref('int_tickets__ticket') }} as ticket
  left join endings
    on endings.client_id = ticket.client_id
    and endings.source_client_id = ticket.source_client_id
    and endings.ticket_id = ticket.ticket_id
  where ticket.deleted_at is not null
)

select
  events.client_id,
  events.source_client_id,
  events.ticket_id,
  ticket.category,
  events.happened_at,
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
join {{ ref('int_tickets__ticket') }} as ticket
  on ticket.client_id = events.client_id
  and ticket.source_client_id = events.source_client_id
  and ticket.ticket_id = events.ticket_id
