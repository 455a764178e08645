with changes as (
  select
    client_id, source_client_id, ticket_id, sent_at, changed_at, old_value, new_value,
    row_number() over ticket as place,
    lead(changed_at) over ticket as following_at
  from {{ tickets_of('int_tickets__tracked_change') }} as change
  where field_name = 'stage_id'
  window ticket as (partition by client_id, source_client_id, ticket_id order by sent_at, odoo_tracking_id)
),

-- Every tracked change with its ticket, and beside the last one where the ticket was found at the last reading.
lives as (
  select
    ticket.client_id,
    ticket.source_client_id,
    ticket.ticket_id,
    ticket.ticket_model,
    ticket.opened_at,
    ticket.odoo_stage_id,
    ticket.deleted_at,
    changes.place,
    changes.sent_at,
    changes.changed_at,
    changes.following_at,
    changes.old_value,
    changes.new_value,
    changes.place is null
      or (changes.following_at is null and changes.new_value is distinct from ticket.odoo_stage_id) as has_moved_since,
    greatest(
      case
        -- closed_date survives a reopening: one older than the last tracked change speaks of an earlier closing.
        when present.is_closing and ticket.ended_at >= coalesce(changes.changed_at, '-infinity') then ticket.ended_at
        else ticket.stage_changed_at
      end,
      changes.changed_at,
      ticket.opened_at
    ) as moved_at,
    -- Odoo's own dates are cut to seconds, the opening is not.
    coalesce(present.is_closing and ticket.ended_at < date_trunc('second', ticket.opened_at), false) as is_before_opening
  from {{ tickets_of('int_tickets__ticket') }} as ticket
  left join changes
    on changes.client_id = ticket.client_id
    and changes.source_client_id = ticket.source_client_id
    and changes.ticket_id = ticket.ticket_id
  left join {{ ref('int_tickets__stage') }} as present
    on present.client_id = ticket.source_client_id
    and present.ticket_model = ticket.ticket_model
    and present.odoo_stage_id = ticket.odoo_stage_id
    and present.holds_until = 'infinity'
    and changes.following_at is null
),

-- A life gives up to three spans: before what it tells, the change itself, and what nobody tracked after it.
spans as (
  select
    lives.client_id,
    lives.source_client_id,
    lives.ticket_id,
    lives.ticket_model,
    lives.deleted_at,
    case span.part when 'before' then 0 when 'change' then lives.place else coalesce(lives.place, 0) + 1 end as place,
    -- Nothing was tracked, and a date says that it moved: where it was before is not known.
    case span.part when 'before' then lives.old_value when 'change' then lives.new_value else lives.odoo_stage_id end as odoo_stage_id,
    case
      when span.part = 'before' or (span.part = 'since' and lives.place is null and lives.moved_at <= lives.opened_at + interval '1 second')
        then lives.opened_at
      when span.part = 'change' then lives.changed_at
      else lives.moved_at
    end as entered_at,
    case
      when span.part = 'before' then coalesce(lives.changed_at, lives.moved_at)
      when span.part = 'change' then coalesce(lives.following_at, case when lives.has_moved_since then lives.moved_at end)
    end as left_at,
    case when span.part = 'since' or lives.place is null then 'stamped' else 'tracked' end as basis,
    case span.part
      when 'before' then false
      when 'change' then lives.sent_at < date_trunc('second', lives.changed_at)
      else lives.is_before_opening
    end as is_before_opening
  from lives
  join (values ('before'), ('change'), ('since')) as span (part)
    on case span.part
      when 'before' then lives.place = 1 or (lives.place is null and lives.moved_at > lives.opened_at + interval '1 second')
      when 'change' then lives.place is not null
      else lives.has_moved_since
    end
)

select
  spans.client_id,
  spans.source_client_id,
  spans.ticket_id,
  spans.ticket_model,
  spans.place,
  spans.odoo_stage_id,
  stage.stage_name,
  spans.entered_at,
  -- greatest() passes over nulls: a ticket that is there leaves its last stage never.
  coalesce(spans.left_at, case when spans.deleted_at is not null then greatest(spans.deleted_at, spans.entered_at) end) as left_at,
  spans.basis,
  spans.is_before_opening,
  coalesce(stage.is_closing, false) as is_closing,
  stage.outcome,
  coalesce(stage.is_resolved or stage.outcome in ('done', 'rejected'), false) as is_resolved,
  coalesce(stage.is_waiting, false) as is_waiting
from spans
left join {{ ref('int_tickets__stage') }} as stage
  on stage.client_id = spans.source_client_id
  and stage.ticket_model = spans.ticket_model
  and stage.odoo_stage_id = spans.odoo_stage_id
  and spans.entered_at >= stage.holds_from
  and spans.entered_at < stage.holds_until
