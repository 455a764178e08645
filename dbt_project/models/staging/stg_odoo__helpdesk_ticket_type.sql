select
  client_id,
  id as odoo_ticket_type_id,
  name as ticket_type_name,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'helpdesk_ticket_type') }}
