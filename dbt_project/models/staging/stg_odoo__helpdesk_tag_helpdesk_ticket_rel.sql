select
  client_id,
  helpdesk_ticket_id as odoo_ticket_id,
  helpdesk_tag_id as odoo_tag_id,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'helpdesk_tag_helpdesk_ticket_rel') }}
