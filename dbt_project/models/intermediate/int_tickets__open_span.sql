select
  client_id,
  source_client_id,
  ticket_id,
  category,
  place,
  opened_at,
  open_from,
  open_until
from (
  select
    client_id, source_client_id, ticket_id, category, place, backlog_change,
    first_value(happened_at) over ticket as opened_at,
    happened_at as open_from,
    lead(happened_at) over ticket as open_until
  from {{ ref('int_tickets__event') }}
  window ticket as (partition by client_id, source_client_id, ticket_id order by place)
) as events
where backlog_change = 1
