-- Which change came along with a module that moved.
with change as (
  select * from {{ ref('int_drift__change') }} where action <> 'touched'
),

module_step as (
  select * from {{ ref('int_drift__module_step') }}
),

needed as (
  select distinct dependant.client_id, dependant.module_name, need.needed_module_name
  from {{ ref('stg_odoo__ir_module_module') }} as dependant
  join {{ ref('stg_odoo__ir_module_module_dependency') }} as need
    on need.client_id = dependant.client_id and need.odoo_module_id = dependant.odoo_module_id
  where dependant.client_id in (select client_id from module_step)
),

-- A major upgrade is one decision, whatever it brings.
upgrades as (
  select other.change_id, base.change_id as parent_id, 1 as rank
  from module_step as other
  join module_step as base
    on {{ same_step('base', 'other') }} and base.step = 'upgraded'
  where other.step <> 'upgraded'
),

-- What installs itself, or cannot stay, goes with what it needs; what was needed comes with what was asked for.
dependants as (
  select
    dependant.change_id,
    root.change_id as parent_id,
    2 as rank
  from module_step as dependant
  join needed on needed.client_id = dependant.client_id and needed.module_name = dependant.module_name
  join module_step as root
    on {{ same_step('root', 'dependant') }} and root.module_name = needed.needed_module_name
    and root.step = dependant.step
  where dependant.step in ('uninstalled', 'removed') or (dependant.step = 'installed' and dependant.is_auto_install)
  union all
  select needed_one.change_id, asked_for.change_id, 3
  from module_step as asked_for
  join needed on needed.client_id = asked_for.client_id and needed.module_name = asked_for.module_name
  join module_step as needed_one
    on {{ same_step('needed_one', 'asked_for') }} and needed_one.module_name = needed.needed_module_name
    and needed_one.step = 'installed'
  where asked_for.step = 'installed' and not asked_for.is_auto_install
),

-- A module's own records come, go and change with it, unless a person wrote them.
owned as (
  select change.change_id, module_step.change_id as parent_id, 4 as rank
  from change
  join module_step on {{ same_step('module_step', 'change') }} and module_step.module_name = change.module_name
  where change.entity <> 'ir.module.module'
    and (change.action = 'deleted' or coalesce(change.written_by_user_id, 1) = 1)
),

-- A model that goes takes along what was made on it.
on_gone_models as (
  select change.change_id, module_step.change_id as parent_id, 5 as rank
  from change
  join {{ ref('stg_odoo__ir_model') }} as model
    on model.client_id = change.client_id and model.deleted_at <= change.seen_at
    and (model.odoo_model_id = {{ referred('change', ['model_id', 'alias_model_id']) }}
      or model.model in (change.content ->> 'model', change.content ->> 'resource', change.content ->> 'model_id'))
  join {{ ref('stg_odoo__ir_model_data') }} as data
    on data.client_id = change.client_id and data.model = 'ir.model' and data.record_id = model.odoo_model_id
  join module_step on {{ same_step('module_step', 'change') }} and module_step.module_name = data.module_name
  where change.action = 'deleted' and module_step.step in ('uninstalled', 'removed')
),

linked as (
  select change_id, parent_id, rank from upgrades
  union all
  select change_id, parent_id, rank from dependants
  union all
  select change_id, parent_id, rank from owned
  union all
  select change_id, parent_id, rank from on_gone_models
)

select change.client_id, linked.change_id, linked.parent_id, min(linked.rank) as rank
from linked
join change on change.change_id = linked.change_id
group by change.client_id, linked.change_id, linked.parent_id
