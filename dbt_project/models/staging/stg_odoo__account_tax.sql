select
  client_id,
  id as odoo_tax_id,
  name as tax_name,
  active as is_active,
  amount,
  amount_type,
  type_tax_use as tax_use,
  tax_scope,
  company_id as odoo_company_id,
  create_date as created_at,
  create_uid as created_by_odoo_user_id,
  write_date as updated_at,
  write_uid as updated_by_odoo_user_id,
  _deleted_at as deleted_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'account_tax') }}
