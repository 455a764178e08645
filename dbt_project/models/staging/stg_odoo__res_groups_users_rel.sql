select
  client_id,
  uid as odoo_user_id,
  gid as odoo_group_id,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'res_groups_users_rel') }}
