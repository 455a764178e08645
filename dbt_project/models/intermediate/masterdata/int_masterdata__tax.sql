{{ config(materialized='view') }}


select
  tax.client_id,
  tax.odoo_tax_id as record_id,
  tax.odoo_company_id as company_id,
  {{ folded('tax.tax_name') }} as name_key,
  tax.amount,
  tax.amount_type,
  tax.tax_use,
  tax.tax_scope,
  coalesce(tax.is_active, true) and not tax.is_deleted as is_in_use,
  not coalesce(tax.is_active, true) and not tax.is_deleted as is_archived,
  tax.created_at, tax.updated_at, tax.updated_by_odoo_user_id, tax.read_at
from {{ ref('stg_odoo__account_tax') }} as tax
