select
  client_id,
  id as odoo_group_id,
  name as group_name,
  share as is_share,
  category_id as odoo_category_id,
  privilege_id as odoo_privilege_id,
  create_date as created_at,
  write_date as updated_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'res_groups') }}
