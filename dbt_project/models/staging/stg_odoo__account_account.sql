select
  client_id,
  id as odoo_account_id,
  name as account_name,
  code,
  code_store as codes,
  account_type,
  internal_group,
  deprecated as is_deprecated,
  active as is_active,
  company_id as odoo_company_id,
  create_date as created_at,
  create_uid as created_by_odoo_user_id,
  write_date as updated_at,
  write_uid as updated_by_odoo_user_id,
  _deleted_at as deleted_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'account_account') }}
