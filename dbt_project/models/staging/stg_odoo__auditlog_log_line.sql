select
  client_id,
  id as odoo_line_id,
  log_id as odoo_log_id,
  field_id as odoo_field_id,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'auditlog_log_line') }}
