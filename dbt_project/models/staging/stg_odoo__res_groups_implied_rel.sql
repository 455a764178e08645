select
  client_id,
  gid as odoo_group_id,
  hid as implied_odoo_group_id,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'res_groups_implied_rel') }}
