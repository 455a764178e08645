select
  client_id,
  id as odoo_log_id,
  model_id as odoo_model_id,
  res_id as record_id,
  user_id as odoo_user_id,
  method,
  create_date as logged_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'auditlog_log') }}
