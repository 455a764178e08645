select
  client_id,
  id as odoo_picking_id,
  name as picking_name,
  state,
  origin,
  partner_id as odoo_partner_id,
  date_done as done_at,
  create_date as created_at,
  create_uid as created_by_odoo_user_id,
  _deleted_at as deleted_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'stock_picking') }}
