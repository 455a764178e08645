select
  client_id,
  id as odoo_category_id,
  name as category_name,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'helpdesk_ticket_category') }}
