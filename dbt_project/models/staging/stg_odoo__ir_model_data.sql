select
  client_id,
  id as odoo_data_id,
  module as module_name,
  name as external_name,
  model,
  res_id as record_id,
  noupdate as is_noupdate,
  create_uid as created_odoo_user_id,
  create_date as created_at,
  write_date as updated_at,
  _deleted_at as deleted_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'ir_model_data') }}
