select
  client_id,
  id as odoo_payment_id,
  name as payment_name,
  state,
  payment_type,
  partner_type,
  amount,
  currency_id as odoo_currency_id,
  partner_id as odoo_partner_id,
  move_id as odoo_move_id,
  create_date as created_at,
  create_uid as created_by_odoo_user_id,
  _deleted_at as deleted_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'account_payment') }}
