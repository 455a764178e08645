select
  client_id,
  id as odoo_variant_id,
  product_tmpl_id as odoo_product_id,
  active as is_active,
  default_code as reference,
  barcode,
  create_date as created_at,
  create_uid as created_by_odoo_user_id,
  write_date as updated_at,
  write_uid as updated_by_odoo_user_id,
  _deleted_at as deleted_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'product_product') }}
