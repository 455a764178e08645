select
  client_id,
  id as odoo_role_line_id,
  role_id as odoo_role_id,
  user_id as odoo_user_id,
  date_from as starts_on,
  date_to as ends_on,
  create_date as created_at,
  create_uid as created_by_odoo_user_id,
  _deleted_at as deleted_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'res_users_role_line') }}
