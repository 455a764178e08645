{{ config(materialized='view') }}


select
  account.client_id,
  account.odoo_bank_account_id as record_id,
  account.odoo_partner_id as partner_id,
  account.odoo_company_id as company_id,
  ops.compact_identifier(account.account_number) as number,
  verdict.verdict as iban_verdict,
  coalesce(account.is_active, true) and not account.is_deleted as is_in_use,
  not coalesce(account.is_active, true) and not account.is_deleted as is_archived,
  account.created_at, account.updated_at, account.updated_by_odoo_user_id, account.read_at
from {{ ref('stg_odoo__res_partner_bank') }} as account
left join {{ source('ops', 'identifier_verdict') }} as verdict
  on verdict.client_id = account.client_id and verdict.kind = 'iban'
  and verdict.digest = ops.identifier_digest('', account.account_number)
