{{ config(materialized='view') }}


select
  variant.client_id,
  variant.odoo_variant_id as record_id,
  variant.odoo_product_id as product_id,
  product.odoo_company_id as company_id,
  nullif(upper(trim(variant.reference)), '') as reference,
  nullif(upper(trim(variant.barcode)), '') as barcode,
  product.is_sold,
  product.is_bought,
  coalesce(variant.is_active, true) and not variant.is_deleted as is_in_use,
  not coalesce(variant.is_active, true) and not variant.is_deleted as is_archived,
  variant.created_at, variant.updated_at, variant.updated_by_odoo_user_id, variant.read_at
from {{ ref('stg_odoo__product_product') }} as variant
left join {{ ref('stg_odoo__product_template') }} as product
  on product.client_id = variant.client_id and product.odoo_product_id = variant.odoo_product_id
