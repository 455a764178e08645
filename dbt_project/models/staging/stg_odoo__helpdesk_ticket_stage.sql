select
  client_id,
  id as odoo_stage_id,
  name as stage_name,
  sequence,
  active as is_active,
  unattended as is_unattended,
  closed as is_closed,
  create_date as created_at,
  write_date as updated_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'helpdesk_ticket_stage') }}
