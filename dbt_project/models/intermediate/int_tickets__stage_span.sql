with changes as (
  select
    client_id, source_client_id, ticket_id, sent_at, changed_at, old_value, new_value,
    row_number() over ticket as place,
    lead(changed_at) over ticket as following_at
  from {{ ref('int_tickets__tracked_change') }}
  where field_name = 'stage_id'
  window ticket as (partition by client_id, source_client_id, ticket_id order by sent_at, odoo_tracking_id)
),

-- Where Odoo's tracking ends and where the ticket was found at the last reading.
endings as (
  select
    ticket.client_id,
    ticket.source_client_id,
    ticket.ticket_id,
    ticket.opened_at,
    ticket.odoo_stage_id,
    ending.place,
    ending.new_value as tracked_stage_id,
    greatest(
      case
        -- closed_date survives a reopening: one older than the last tracked change speaks of an earlier closing.
        when present.is_closing and ticket.ended_at >= coalesce(ending.changed_at, '-infinity') then ticket.ended_at
        else ticket.stage_changed_at
      end,
      ending.changed_at,
      ticket.opened_at
    ) as moved_at,
    -- Odoo's own dates are cut to seconds, the opening is not.
    coalesce(present.is_closing and ticket.ended_at < date_trunc('second', ticket.opened_at), false) as is_before_opening
  from {{ ref('int_tickets__ticket') }} as ticket
  left join changes as ending
    on ending.client_id = ticket.client_id
    and ending.source_client_id = ticket.source_client_id
    and ending.ticket_id = ticket.ticket_id
    and ending.following_at is null
  left join {{ ref('int_tickets__stage') }} as present
    on present.client_id = ticket.source_client_id
    and present.ticket_model = ticket.ticket_model
    and present.odoo_stage_id = ticket.odoo_stage_id
    and present.holds_until = 'infinity'
  where ending.place is null or ending.new_value is distinct from ticket.odoo_stage_id
),

spans as (
  select ticket.client_id, ticket.source_client_id, ticket.ticket_id, 0::bigint as place, changes.old_value as odoo_stage_id,
    ticket.opened_at as entered_at, changes.changed_at as left_at, 'tracked' as basis, false as is_before_opening
  from changes
  join {{ ref('int_tickets__ticket') }} as ticket
    on ticket.client_id = changes.client_id
    and ticket.source_client_id = changes.source_client_id
    and ticket.ticket_id = changes.ticket_id
  where changes.place = 1
  union all
  select changes.client_id, changes.source_client_id, changes.ticket_id, changes.place, changes.new_value,
    changes.changed_at, coalesce(changes.following_at, endings.moved_at), 'tracked', changes.sent_at < date_trunc('second', changes.changed_at)
  from changes
  left join endings
    on changes.following_at is null
    and endings.client_id = changes.client_id
    and endings.source_client_id = changes.source_client_id
    and endings.ticket_id = changes.ticket_id
  union all
  -- Nothing was tracked, and a date says that it moved: where it was before is not known.
  select client_id, source_client_id, ticket_id, 0, null, opened_at, moved_at, 'stamped', false
  from endings
  where place is null and moved_at > opened_at + interval '1 second'
  union all
  select client_id, source_client_id, ticket_id, coalesce(place, 0) + 1, odoo_stage_id,
    case when place is null and moved_at <= opened_at + interval '1 second' then opened_at else moved_at end,
    null, 'stamped', is_before_opening
  from endings
)

select
  spans.client_id,
  spans.source_client_id,
  spans.ticket_id,
  ticket.ticket_model,
  spans.place,
  spans.odoo_stage_id,
  stage.stage_name,
  spans.entered_at,
  -- greatest() passes over nulls: a ticket that is there leaves its last stage never.
  coalesce(spans.left_at, case when ticket.deleted_at is not null then greatest(ticket.deleted_at, spans.entered_at) end) as left_at,
  spans.basis,
  spans.is_before_opening,
  coalesce(stage.is_closing, false) as is_closing,
  stage.outcome,
  coalesce(stage.is_resolved or stage.outcome in ('done', 'rejected'), false) as is_resolved,
  coalesce(stage.is_waiting, false) as is_waiting
from spans
join {{ ref('int_tickets__ticket') }} as ticket
  on ticket.client_id = spans.client_id
  and ticket.source_client_id = spans.source_client_id
  and ticket.ticket_id = spans.ticket_id
left join {{ ref('int_tickets__stage') }} as stage
  on stage.client_id = spans.source_client_id
  and stage.ticket_model = ticket.ticket_model
  and stage.odoo_stage_id = spans.odoo_stage_id
  and spans.entered_at >= stage.holds_from
  and spans.entered_at < stage.holds_until
