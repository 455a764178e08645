select
  client_id,
  cid as odoo_company_id,
  user_id as odoo_user_id,
  _deleted_at as deleted_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'res_company_users_rel') }}
