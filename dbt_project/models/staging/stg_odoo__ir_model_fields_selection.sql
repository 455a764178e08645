select
  client_id,
  id as odoo_selection_id,
  field_id as odoo_field_id,
  value,
  name as label,
  _deleted_at as deleted_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'ir_model_fields_selection') }}
