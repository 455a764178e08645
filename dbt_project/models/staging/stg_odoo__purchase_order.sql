select
  client_id,
  id as odoo_purchase_id,
  name as purchase_name,
  state,
  partner_id as odoo_partner_id,
  currency_id as odoo_currency_id,
  amount_total as amount,
  date_order as ordered_at,
  create_date as created_at,
  create_uid as created_by_odoo_user_id,
  _deleted_at as deleted_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'purchase_order') }}
