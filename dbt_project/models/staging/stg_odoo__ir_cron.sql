select
  client_id,
  id as odoo_cron_id,
  cron_name,
  active as is_active,
  interval_number as interval_count,
  interval_type as interval_unit,
  ir_actions_server_id as odoo_action_id,
  create_date as created_at,
  create_uid as created_by_odoo_user_id,
  write_date as updated_at,
  write_uid as updated_by_odoo_user_id,
  _deleted_at as deleted_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'ir_cron') }}
