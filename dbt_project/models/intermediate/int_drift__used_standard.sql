with used as (
  select distinct client_id, model, field_name from {{ ref('int_drift__custom_use') }}
),

present as (
  select field.client_id, field.model, field.field_name, field.odoo_field_id, field.state, field.field_type, field.relation
  from {{ ref('stg_odoo__ir_model_fields') }} as field
  join used on used.client_id = field.client_id and used.model = field.model and used.field_name = field.field_name
  join {{ ref('int_review__period') }} as period on period.client_id = field.client_id
  where {{ existed_at('field', 'period.as_of_at') }}
),

owners as (
  select present.client_id, present.model, present.field_name,
    bool_or(known.module is not null) as is_seeded,
    bool_or(module.origin is distinct from 'custom') as is_standard,
    string_agg(known.majors, ' ') as seeded_majors
  from present
  join {{ ref('stg_odoo__ir_model_data') }} as data
    on data.client_id = present.client_id and data.model = 'ir.model.fields' and data.record_id = present.odoo_field_id
    and not data.is_deleted
  left join {{ ref('odoo_modules') }} as known on known.module = data.module_name
  left join {{ ref('int_drift__module') }} as module on module.client_id = data.client_id and module.module_name = data.module_name
  group by present.client_id, present.model, present.field_name
),

models as (
  select distinct model from {{ ref('odoo_model_fields') }}
),

own_models as (
  select client_id, model from {{ ref('stg_odoo__ir_model') }} where state = 'manual'
  union
  -- Extending a model gives the module an external id for it, too: own is what no plain server has.
  select client_id, model from {{ ref('int_drift__module_model') }} where is_owner and model not in (select model from models)
)

select
  used.client_id,
  used.model,
  used.field_name,
  present.field_type,
  present.relation,
  case
    when own.model is not null then 'own'
    when used.field_name = '*' then case when models.model is not null then 'standard' else 'unknown' end
    when present.odoo_field_id is null then 'unresolved'
    when present.state = 'manual' then 'own'
    when owners.is_seeded then 'standard'
    when owners.is_standard is false then 'own'
    else 'unknown'
  end as standing,
  string_to_array(owners.seeded_majors, ' ')::integer[] as owner_majors
from used
left join present
  on present.client_id = used.client_id and present.model = used.model and present.field_name = used.field_name
left join owners
  on owners.client_id = used.client_id and owners.model = used.model and owners.field_name = used.field_name
left join models on models.model = used.model
left join own_models as own on own.client_id = used.client_id and own.model = used.model
