select
  client_id,
  id as odoo_parameter_id,
  key as parameter_key,
  value as parameter_value,
  create_date as created_at,
  write_date as updated_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'ir_config_parameter') }}
