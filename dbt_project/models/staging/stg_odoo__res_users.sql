select
  client_id,
  id as odoo_user_id,
  login,
  active as is_active,
  share as is_share,
  partner_id as odoo_partner_id,
  company_id as odoo_company_id,
  create_date as created_at,
  write_date as updated_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'res_users') }}
