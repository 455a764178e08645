select
  client_id,
  id as odoo_device_log_id,
  user_id as odoo_user_id,
  platform,
  browser,
  device_type,
  revoked as is_revoked,
  first_activity as first_active_at,
  last_activity as last_active_at,
  _deleted_at as deleted_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'res_device_log') }}
