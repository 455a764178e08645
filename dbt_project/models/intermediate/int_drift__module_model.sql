with owned as (
  select data.client_id, data.module_name, data.model as kind, data.record_id
  from {{ ref('stg_odoo__ir_model_data') }} as data
  join {{ ref('int_drift__module') }} as module
    on module.client_id = data.client_id and module.module_name = data.module_name and module.origin = 'custom'
  join {{ ref('int_review__period') }} as period on period.client_id = data.client_id
  where data.model in ('ir.model', 'ir.model.fields') and {{ existed_at('data', 'period.as_of_at') }}
),

named as (
  select owned.client_id, owned.module_name, model.model, true as is_owner, 0 as field_count
  from owned
  join {{ ref('stg_odoo__ir_model') }} as model on model.client_id = owned.client_id and model.odoo_model_id = owned.record_id
  where owned.kind = 'ir.model'
  union all
  select owned.client_id, owned.module_name, field.model, false, 1
  from owned
  join {{ ref('stg_odoo__ir_model_fields') }} as field
    on field.client_id = owned.client_id and field.odoo_field_id = owned.record_id
  where owned.kind = 'ir.model.fields'
)

select client_id, module_name, model, bool_or(is_owner) as is_owner, sum(field_count) as field_count
from named
group by client_id, module_name, model
