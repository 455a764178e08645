select
  ticket.client_id,
  ticket.source_client_id,
  ticket.ticket_id,
  field.field_name,
  coalesce(message.sent_at, tracking.created_at, ticket.opened_at) as sent_at,
  -- An import can bring messages that are older than the ticket; a ticket cannot change before it is there.
  greatest(coalesce(message.sent_at, tracking.created_at, ticket.opened_at), ticket.opened_at) as changed_at,
  tracking.odoo_tracking_id,
  tracking.odoo_message_id,
  tracking.old_value,
  tracking.new_value,
  staff.client_id is not null as is_by_staff
from {{ ref('stg_odoo__mail_tracking_value') }} as tracking
join {{ ref('stg_odoo__ir_model_fields') }} as field
  on field.client_id = tracking.client_id
  and field.odoo_field_id = tracking.odoo_field_id
  and field.model in ('helpdesk.ticket', 'project.task')
  and field.field_name in ('stage_id', 'state', 'user_id', 'user_ids')
join {{ ref('stg_odoo__mail_message') }} as message
  on message.client_id = tracking.client_id
  and message.odoo_message_id = tracking.odoo_message_id
  and message.model = field.model
join {{ tickets_of('int_tickets__ticket') }} as ticket
  on ticket.source_client_id = message.client_id
  and ticket.ticket_model = message.model
  and ticket.ticket_id = message.record_id
left join {{ ref('int_tickets__staff') }} as staff
  on staff.client_id = message.client_id and staff.odoo_partner_id = message.author_odoo_partner_id
