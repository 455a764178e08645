select
  client_id,
  id as odoo_role_id,
  group_id as odoo_group_id,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'res_users_role') }}
