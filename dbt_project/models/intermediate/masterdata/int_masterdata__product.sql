{{ config(materialized='view') }}


select
  product.client_id,
  product.odoo_product_id as record_id,
  product.odoo_company_id as company_id,
  product.reference,
  product.is_sold,
  product.is_bought,
  product.list_price,
  product.odoo_unit_id as unit_id,
  product.purchase_odoo_unit_id as purchase_unit_id,
  unit.odoo_category_id as unit_category_id,
  purchase_unit.odoo_category_id as purchase_unit_category_id,
  coalesce(product.is_active, true) and not product.is_deleted as is_in_use,
  not coalesce(product.is_active, true) and not product.is_deleted as is_archived,
  product.created_at, product.updated_at, product.updated_by_odoo_user_id, product.read_at
from {{ ref('stg_odoo__product_template') }} as product
left join {{ ref('stg_odoo__uom_uom') }} as unit
  on unit.client_id = product.client_id and unit.odoo_unit_id = product.odoo_unit_id
left join {{ ref('stg_odoo__uom_uom') }} as purchase_unit
  on purchase_unit.client_id = product.client_id and purchase_unit.odoo_unit_id = product.purchase_odoo_unit_id
