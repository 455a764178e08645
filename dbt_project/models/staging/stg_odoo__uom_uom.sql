select
  client_id,
  id as odoo_unit_id,
  name as unit_name,
  active as is_active,
  factor,
  category_id as odoo_category_id,
  uom_type as unit_type,
  relative_uom_id as relative_odoo_unit_id,
  create_date as created_at,
  create_uid as created_by_odoo_user_id,
  write_date as updated_at,
  write_uid as updated_by_odoo_user_id,
  _deleted_at as deleted_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'uom_uom') }}
