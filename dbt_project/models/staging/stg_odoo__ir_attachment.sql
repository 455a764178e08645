select
  client_id,
  id as odoo_attachment_id,
  res_model as model,
  res_id as record_id,
  res_field as record_field,
  mimetype,
  file_size,
  create_date as created_at,
  write_date as updated_at,
  _deleted_at as deleted_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'ir_attachment') }}
