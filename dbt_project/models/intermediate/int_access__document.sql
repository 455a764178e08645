{{ config(materialized='view') }}

select client_id, 'res.partner' as model, odoo_partner_id as record_id, 'vendor' as kind, odoo_partner_id, null::numeric as amount,
  null::bigint as odoo_currency_id, created_by_odoo_user_id, created_at
from {{ ref('stg_odoo__res_partner') }}
union all
select client_id, 'res.partner.bank', odoo_bank_account_id, 'bank account', odoo_partner_id, null, null, created_by_odoo_user_id, created_at
from {{ ref('stg_odoo__res_partner_bank') }}
union all
select client_id, 'account.move', odoo_move_id, case when move_type = 'entry' then 'entry' else 'bill' end, odoo_partner_id, amount,
  odoo_currency_id, created_by_odoo_user_id, created_at
from {{ ref('stg_odoo__account_move') }}
where move_type in ('in_invoice', 'in_refund', 'in_receipt')
  -- Entries that payments, statements and closings make are told by those.
  or (move_type = 'entry' and coalesce(odoo_payment_id, odoo_statement_line_id, odoo_cash_basis_id) is null)
union all
select client_id, 'account.payment', odoo_payment_id, 'payment', odoo_partner_id, amount, odoo_currency_id, created_by_odoo_user_id, created_at
from {{ ref('stg_odoo__account_payment') }}
where payment_type = 'outbound' and partner_type = 'supplier'
union all
select client_id, 'purchase.order', odoo_purchase_id, 'purchase', odoo_partner_id, amount, odoo_currency_id, created_by_odoo_user_id, created_at
from {{ ref('stg_odoo__purchase_order') }}
union all
select client_id, 'stock.picking', odoo_picking_id, 'goods', odoo_partner_id, null, null, created_by_odoo_user_id, created_at
from {{ ref('stg_odoo__stock_picking') }}
