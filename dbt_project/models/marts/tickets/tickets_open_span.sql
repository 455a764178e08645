select
  span.client_id,
  source.quarter,
  span.source_client_id,
  span.ticket_id,
  span.category,
  span.place,
  span.opened_at,
  span.open_from,
  span.open_until,
  source.as_of_at
from {{ ref('int_tickets__open_span') }} as span
join {{ ref('int_tickets__source') }} as source on source.client_id = span.client_id
