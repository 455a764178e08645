{{ config(materialized='view') }}


select
  account.client_id,
  account.odoo_account_id as record_id,
  account.odoo_company_id as company_id,
  -- From 18.0 an account has a code in each company: compared is the one in its first company.
  coalesce(account.odoo_company_id || ' ' || account.code,
    (select min(lpad(code.key, 19, '0') || ' ' || code.value) from jsonb_each_text(account.codes) as code)) as code_key,
  account.account_type,
  account.internal_group,
  exists (
    select from {{ ref('stg_odoo__account_journal') }} as journal
    where journal.client_id = account.client_id and journal.default_odoo_account_id = account.odoo_account_id
      and journal.is_active and not journal.is_deleted) as is_journal_default,
  coalesce(account.is_active, not account.is_deprecated, true) and not account.is_deleted as is_in_use,
  not coalesce(account.is_active, not account.is_deprecated, true) and not account.is_deleted as is_archived,
  account.created_at, account.updated_at, account.updated_by_odoo_user_id, account.read_at
from {{ ref('stg_odoo__account_account') }} as account
