select
  client_id,
  id as odoo_field_id,
  model,
  name as field_name,
  ttype as field_type,
  state,
  relation,
  related,
  create_date as created_at,
  write_date as updated_at,
  _deleted_at as deleted_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'ir_model_fields') }}
