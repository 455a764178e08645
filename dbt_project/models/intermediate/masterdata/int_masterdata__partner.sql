{{ config(materialized='view') }}


select
  partner.client_id,
  partner.odoo_partner_id as record_id,
  partner.parent_odoo_partner_id as parent_id,
  partner.commercial_odoo_partner_id as commercial_id,
  partner.odoo_company_id as company_id,
  partner.is_company,
  partner.address_type,
  {{ folded('partner.partner_name', is_of_a_company=true) }} as name_key,
  {{ folded('partner.street') }} as street_key,
  {{ folded('partner.zip') }} as zip_key,
  nullif(trim(partner.street), '') as street,
  nullif(trim(partner.city), '') as city,
  country.country_code,
  ops.compact_identifier(partner.vat_number) as vat_number,
  case
    when country.country_code = 'GR' then 'GR' || regexp_replace(ops.compact_identifier(partner.vat_number), '^(EL|GR)', '')
    when country.country_code is not null
      then country.country_code || regexp_replace(ops.compact_identifier(partner.vat_number), '^' || country.country_code, '')
    else regexp_replace(ops.compact_identifier(partner.vat_number), '^EL', 'GR')
  end as vat_key,
  verdict.verdict as vat_verdict,
  partner.email_hash,
  partner.has_email,
  partner.has_phone,
  coalesce(partner.customer_rank, 0) > 0 as is_customer,
  coalesce(partner.supplier_rank, 0) > 0 as is_supplier,
  coalesce(partner.is_active, true) and not partner.is_deleted as is_in_use,
  not coalesce(partner.is_active, true) and not partner.is_deleted as is_archived,
  partner.created_at, partner.updated_at, partner.updated_by_odoo_user_id, partner.read_at
from {{ ref('stg_odoo__res_partner') }} as partner
left join {{ ref('stg_odoo__res_country') }} as country
  on country.client_id = partner.client_id and country.odoo_country_id = partner.odoo_country_id
left join {{ source('ops', 'identifier_verdict') }} as verdict
  on verdict.client_id = partner.client_id and verdict.kind = 'vat'
  and verdict.digest = ops.identifier_digest(country.country_code, partner.vat_number)
