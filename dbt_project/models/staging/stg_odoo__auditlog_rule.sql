select
  client_id,
  id as odoo_rule_id,
  model_id as odoo_model_id,
  state,
  log_create,
  log_write,
  log_unlink,
  _deleted_at as deleted_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'auditlog_rule') }}
