with spans as (
  select
    span.*,
    source.quarter,
    source.as_of_at,
    case when span.left_at < source.as_of_at then span.left_at end as ended_at,
    least(span.left_at, source.as_of_at) as known_until_at
  from {{ ref('int_tickets__stage_span') }} as span
  join {{ ref('int_tickets__source') }} as source
    on source.client_id = span.client_id and source.is_available and span.entered_at < source.as_of_at
)

select
  spans.client_id,
  spans.quarter,
  spans.source_client_id,
  spans.ticket_model,
  spans.ticket_id,
  spans.place,
  spans.odoo_stage_id,
  spans.stage_name,
  spans.entered_at,
  spans.ended_at as left_at,
  spans.is_closing,
  spans.outcome,
  spans.is_resolved,
  spans.is_waiting,
  spans.basis,
  {{ calendar_hours('spans.entered_at', 'spans.known_until_at') }} as stay_hours,
  {{ business_hours('entered', 'spans.entered_at', 'known', 'spans.known_until_at') }} as stay_business_hours,
  spans.as_of_at
from spans
{{ join_working_piece('entered', 'spans.client_id', 'spans.entered_at') }}
{{ join_working_piece('known', 'spans.client_id', 'spans.known_until_at') }}
