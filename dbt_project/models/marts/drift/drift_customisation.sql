{% set by_odoo = "coalesce({}.created_by_odoo_user_id, 1) = 1" %}

with periods as (
  select period.client_id, period.quarter, period.as_of_at, period.as_of_on, period.timezone, upgrade.upgraded_on
  from {{ ref('int_review__period') }} as period
  left join {{ ref('int_drift__version_upgrade') }} as upgrade on upgrade.client_id = period.client_id
),

module_sizes as (
  select distinct on (client_id, module_name)
    client_id,
    module_name,
    model as main_model,
    sum(field_count + is_owner::integer) over (partition by client_id, module_name) as size
  from {{ ref('int_drift__module_model') }}
  order by client_id, module_name, field_count desc, model
),

models as (
  select
    model.client_id,
    model.odoo_model_id,
    model.model,
    model.title,
    coalesce(model.created_at, min(field.created_at)) as created_at,
    coalesce(model.updated_at, max(field.updated_at)) as updated_at,
    count(field.odoo_field_id) as field_count
  from {{ ref('stg_odoo__ir_model') }} as model
  join periods on periods.client_id = model.client_id
  left join {{ ref('stg_odoo__ir_model_fields') }} as field
    on field.client_id = model.client_id and field.model = model.model and {{ existed_at('field', 'periods.as_of_at') }}
  where model.state = 'manual' and {{ existed_at('model', 'periods.as_of_at') }}
  group by model.client_id, model.odoo_model_id, model.model, model.title, model.created_at, model.updated_at
),

actions as (
  select
    action.*,
    model.model,
    coalesce(action.odoo_automation_id, automation.odoo_automation_id) as automation_id,
    cron.odoo_cron_id,
    -- Over RPC an account sees code only with an administrator's rights: how much there is, is not known then.
    case when coalesce(code.is_present, true) then coalesce(action.code_length, 0) end as size
  from {{ ref('stg_odoo__ir_act_server') }} as action
  join periods on periods.client_id = action.client_id and {{ existed_at('action', 'periods.as_of_at') }}
  left join {{ ref('stg_odoo__ir_model') }} as model
    on model.client_id = action.client_id and model.odoo_model_id = action.odoo_model_id
  left join {{ ref('stg_odoo__base_automation') }} as automation
    on automation.client_id = action.client_id and automation.odoo_action_id = action.odoo_action_id
  left join {{ ref('stg_odoo__ir_cron') }} as cron
    on cron.client_id = action.client_id and cron.odoo_action_id = action.odoo_action_id
  left join {{ source('ops', 'field_coverage') }} as code
    on code.client_id = action.client_id and code.model = 'ir.actions.server' and code.field = 'code_length'
),

automation_code as (
  select client_id, automation_id,
    case when bool_and(size is not null) filter (where state = 'code') is distinct from false
      then coalesce(sum(size) filter (where state = 'code'), 0) end as size,
    min(model) as model, min(action_name) as action_name, max(updated_at) as updated_at
  from actions
  where automation_id is not null
  group by client_id, automation_id
),

items as (
  select module.client_id, 'module' as kind, module.odoo_module_id as odoo_id, module.module_name as item, module.title,
    coalesce(module_sizes.main_model, module.module_name) as area_name, null::text as model, 'custom module' as origin, module.author,
    module.license, coalesce(module_sizes.size, 0)::bigint as size, 'models and fields' as size_unit, module.created_at, module.changed_at
  from {{ ref('int_drift__module') }} as module
  left join module_sizes on module_sizes.client_id = module.client_id and module_sizes.module_name = module.module_name
  where module.origin = 'custom'
  union all
  select client_id, 'model', odoo_model_id, model, title, model, model,
    case when model like 'x\_studio\_%' then 'Studio' else 'user interface' end, null, null, field_count, 'fields', created_at, updated_at
  from models
  union all
  select field.client_id, 'field', field.odoo_field_id, field.model || '.' || field.field_name, field.field_type, field.model, field.model,
    case when field.field_name like 'x\_studio\_%' then 'Studio' else 'user interface' end, null, null, 1, 'fields', field.created_at, field.updated_at
  from {{ ref('stg_odoo__ir_model_fields') }} as field
  join periods on periods.client_id = field.client_id and {{ existed_at('field', 'periods.as_of_at') }}
  where field.state = 'manual'
    -- Odoo itself makes one for every analytic plan.
    and not (field.field_name ~ '^x_plan\d+_id$' and field.relation = 'account.analytic.account')
  union all
  select action.client_id, case when action.odoo_cron_id is not null then 'scheduled job' else 'server action' end,
    coalesce(action.odoo_cron_id, action.odoo_action_id), action.action_name || ' (' || coalesce(action.odoo_cron_id, action.odoo_action_id) || ')',
    action.action_name, action.model, action.model, 'user interface', null, null, action.size, 'characters', action.created_at, action.updated_at
  from actions as action
  left join {{ ref('int_drift__module_record') }} as own
    on own.client_id = action.client_id and own.model = 'ir.actions.server' and own.record_id = action.odoo_action_id
  left join {{ ref('int_drift__module_record') }} as cron
    on cron.client_id = action.client_id and cron.model = 'ir.cron' and cron.record_id = action.odoo_cron_id
  where action.automation_id is null and action.state = 'code' and action.size is distinct from 0
    and not (coalesce(own.record_id, cron.record_id) is not null and {{ by_odoo.format('action') }})
  union all
  select automation.client_id, 'automation', automation.odoo_automation_id,
    coalesce(automation.automation_name, code.action_name, 'automation') || ' (' || automation.odoo_automation_id || ')',
    coalesce(automation.automation_name, code.action_name), coalesce(model.model, code.model), coalesce(model.model, code.model),
    'user interface', null, null, case when code.automation_id is null then 0 else code.size end, 'characters', automation.created_at, greatest(automation.updated_at, code.updated_at)
  from {{ ref('stg_odoo__base_automation') }} as automation
  join periods on periods.client_id = automation.client_id and {{ existed_at('automation', 'periods.as_of_at') }}
  left join automation_code as code on code.client_id = automation.client_id and code.automation_id = automation.odoo_automation_id
  left join {{ ref('stg_odoo__ir_model') }} as model
    on model.client_id = automation.client_id and model.odoo_model_id = automation.odoo_model_id
  left join {{ ref('int_drift__module_record') }} as own
    on own.client_id = automation.client_id and own.model = 'base.automation' and own.record_id = automation.odoo_automation_id
  where own.record_id is null or not {{ by_odoo.format('automation') }}
  union all
  select view.client_id, case when own.record_id is not null and {{ by_odoo.format('view') }} then 'edited view' else 'handmade view' end,
    view.odoo_view_id, coalesce(own.external_id, view.view_name || ' (' || view.odoo_view_id || ')'), view.view_name, view.model, view.model,
    case when own.record_id is not null and {{ by_odoo.format('view') }} then 'edited standard'
      when view.view_key like 'studio_customization.%' or view.view_name ilike 'odoo studio%' then 'Studio' else 'user interface' end,
    null, null, jsonb_array_length(view.arch_field_names), 'fields', view.created_at, view.updated_at
  from {{ ref('stg_odoo__ir_ui_view') }} as view
  join periods on periods.client_id = view.client_id and {{ existed_at('view', 'periods.as_of_at') }}
  left join {{ ref('int_drift__module_record') }} as own
    on own.client_id = view.client_id and own.model = 'ir.ui.view' and own.record_id = view.odoo_view_id
  -- Odoo writes that one anew whenever a group changes.
  where own.external_id is distinct from 'base.user_groups_view' and (
    own.record_id is null or not {{ by_odoo.format('view') }}
    -- Odoo's own hint alone is true of clean systems; a person's stamp alone comes with other changes.
    or (view.is_arch_updated and coalesce(view.updated_by_odoo_user_id, 1) > 1))
)

select
  items.client_id,
  periods.quarter,
  items.kind,
  items.odoo_id,
  items.item,
  items.title,
  {{ business_area_of('items.area_name') }} as area,
  items.model,
  items.origin,
  items.author,
  items.license,
  items.size,
  items.size_unit,
  items.created_at,
  case when items.changed_at <= periods.as_of_at then items.changed_at end as changed_at,
  periods.as_of_on - (items.created_at at time zone periods.timezone)::date as age_days,
  (greatest(items.created_at, case when items.changed_at <= periods.as_of_at then items.changed_at end)
    at time zone periods.timezone)::date > periods.upgraded_on as is_changed_since_upgrade,
  periods.as_of_at
from items
join periods on periods.client_id = items.client_id
