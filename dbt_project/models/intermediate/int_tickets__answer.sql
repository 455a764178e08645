with notes as (
  select client_id, record_id as odoo_subtype_id
  from {{ ref('stg_odoo__ir_model_data') }}
  where model = 'mail.message.subtype' and module_name = 'mail' and external_name in ('mt_note', 'mt_activities')
)

select
  ticket.client_id,
  ticket.source_client_id,
  ticket.ticket_id,
  message.odoo_message_id,
  -- Odoo's messages are dated in whole seconds, the opening is not: an answer in the second of the opening came at once.
  case when message.sent_at >= date_trunc('second', ticket.opened_at) then greatest(message.sent_at, ticket.opened_at) else message.sent_at end
    as answered_at
from {{ ref('stg_odoo__mail_message') }} as message
join {{ ref('int_tickets__staff') }} as staff
  on staff.client_id = message.client_id and staff.odoo_partner_id = message.author_odoo_partner_id
join {{ tickets_of('int_tickets__ticket') }} as ticket
  on ticket.source_client_id = message.client_id
  and ticket.ticket_model = message.model
  and ticket.ticket_id = message.record_id
  -- Staff who ask are not answering themselves.
  and ticket.odoo_partner_id is distinct from message.author_odoo_partner_id
join {{ ref('int_tickets__source') }} as source on source.client_id = ticket.client_id and message.sent_at < source.as_of_at
left join notes on notes.client_id = message.client_id and notes.odoo_subtype_id = message.odoo_subtype_id
where message.message_type not in ('auto_comment', 'email_outgoing', 'notification', 'user_notification')
  and not message.is_internal
  and notes.client_id is null
