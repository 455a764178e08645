select
  client_id,
  id as odoo_automation_id,
  name as automation_name,
  active as is_active,
  trigger,
  model_id as odoo_model_id,
  action_server_id as odoo_action_id,
  trg_date_id as date_odoo_field_id,
  create_date as created_at,
  create_uid as created_by_odoo_user_id,
  write_date as updated_at,
  write_uid as updated_by_odoo_user_id,
  _deleted_at as deleted_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'base_automation') }}
