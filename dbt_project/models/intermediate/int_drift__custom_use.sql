-- A use of '*' is one of the model itself.
with module_fields as (
  select data.client_id, module.odoo_module_id, field.model, field.relation, field.related
  from {{ ref('stg_odoo__ir_model_data') }} as data
  join {{ ref('int_drift__module') }} as module
    on module.client_id = data.client_id and module.module_name = data.module_name and module.origin = 'custom'
  join {{ ref('int_review__period') }} as period on period.client_id = data.client_id and {{ existed_at('data', 'period.as_of_at') }}
  join {{ ref('stg_odoo__ir_model_fields') }} as field
    on field.client_id = data.client_id and field.odoo_field_id = data.record_id
  where data.model = 'ir.model.fields'
),

fields as (
  select client_id, 'module' as kind, odoo_module_id as odoo_id, model, relation, related from module_fields
  union all
  select item.client_id, item.kind, item.odoo_id, field.model, field.relation, field.related
  from {{ ref('drift_customisation') }} as item
  join {{ ref('stg_odoo__ir_model_fields') }} as field
    on field.client_id = item.client_id and field.odoo_field_id = item.odoo_id
  where item.kind = 'field'
),

views as (
  select module.client_id, 'module' as kind, module.odoo_module_id as odoo_id, view.model, view.arch_field_names
  from {{ ref('int_drift__module_record') }} as own
  join {{ ref('int_drift__module') }} as module
    on module.client_id = own.client_id and module.module_name = own.module_name and module.origin = 'custom'
  join {{ ref('stg_odoo__ir_ui_view') }} as view on view.client_id = own.client_id and view.odoo_view_id = own.record_id
  where own.model = 'ir.ui.view'
  union all
  select item.client_id, item.kind, item.odoo_id, view.model, view.arch_field_names
  from {{ ref('drift_customisation') }} as item
  join {{ ref('stg_odoo__ir_ui_view') }} as view on view.client_id = item.client_id and view.odoo_view_id = item.odoo_id
  where item.kind in ('edited view', 'handmade view')
),

actions as (
  select item.client_id, item.kind, item.odoo_id, item.model, split_part(action.update_path, '.', 1) as field_name
  from {{ ref('drift_customisation') }} as item
  left join {{ ref('stg_odoo__ir_act_server') }} as action
    on action.client_id = item.client_id
    and case item.kind when 'server action' then action.odoo_action_id when 'automation' then action.odoo_automation_id end = item.odoo_id
  where item.kind in ('server action', 'scheduled job', 'automation')
  union all
  select item.client_id, item.kind, item.odoo_id, field.model, field.field_name
  from {{ ref('drift_customisation') }} as item
  join {{ ref('stg_odoo__base_automation') }} as automation
    on automation.client_id = item.client_id and automation.odoo_automation_id = item.odoo_id
  join {{ ref('stg_odoo__ir_model_fields') }} as field
    on field.client_id = item.client_id and field.odoo_field_id = automation.date_odoo_field_id
  where item.kind = 'automation'
),

uses as (
  select client_id, kind, odoo_id, model, '*' as field_name from fields
  union
  select client_id, kind, odoo_id, relation, '*' from fields
  union
  select client_id, kind, odoo_id, model, split_part(related, '.', 1) from fields
  union
  select client_id, kind, odoo_id, model, '*' from views
  union
  select views.client_id, views.kind, views.odoo_id, views.model, named.field_name
  from views
  cross join lateral jsonb_array_elements_text(views.arch_field_names) as named (field_name)
  union
  select client_id, kind, odoo_id, model, '*' from actions
  union
  select client_id, kind, odoo_id, model, field_name from actions
)

select client_id, kind, odoo_id, model, field_name
from uses
where model <> '' and field_name <> ''
