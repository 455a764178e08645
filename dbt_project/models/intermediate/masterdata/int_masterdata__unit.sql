{{ config(materialized='view') }}


select
  unit.client_id,
  unit.odoo_unit_id as record_id,
  null::bigint as company_id,
  {{ folded('unit.unit_name') }} as name_key,
  unit.factor,
  unit.odoo_category_id as category_id,
  unit.unit_type,
  unit.relative_odoo_unit_id as relative_unit_id,
  coalesce(unit.is_active, true) and not unit.is_deleted as is_in_use,
  not coalesce(unit.is_active, true) and not unit.is_deleted as is_archived,
  unit.created_at, unit.updated_at, unit.updated_by_odoo_user_id, unit.read_at
from {{ ref('stg_odoo__uom_uom') }} as unit
