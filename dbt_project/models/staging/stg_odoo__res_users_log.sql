select
  client_id,
  id as odoo_login_id,
  create_uid as odoo_user_id,
  create_date as logged_in_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'res_users_log') }}
