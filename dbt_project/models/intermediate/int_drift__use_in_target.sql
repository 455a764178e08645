with targets as (
  select version.client_id, version.major, release.major as target_major
  from {{ ref('int_review__odoo_version') }} as version
  join {{ ref('int_review__period') }} as period on period.client_id = version.client_id
  join {{ ref('odoo_releases') }} as release on release.major > version.major and release.released_on <= period.as_of_on
),

seeded as (
  select major, model from {{ ref('odoo_model_fields') }}
),

compared as (
  select
    used.client_id,
    targets.target_major,
    used.model,
    used.field_name,
    used.standing,
    used.field_type,
    used.relation,
    used.owner_majors,
    exists (select from seeded where seeded.major = targets.target_major) as is_target_seeded,
    target_model.model is not null as is_model_there,
    exists (
      select from seeded as earlier where earlier.model = used.model and earlier.major < targets.target_major
    ) as was_model_there,
    target_field.field_name is not null as is_field_there,
    target_field.field_type as target_type,
    target_field.relation as target_relation,
    source_field.is_stored and not target_field.is_stored as is_no_longer_stored,
    renamed.new_model,
    renamed.new_field
  from {{ ref('int_drift__used_standard') }} as used
  join targets on targets.client_id = used.client_id
  left join seeded as target_model on target_model.major = targets.target_major and target_model.model = used.model
  left join {{ ref('int_drift__odoo_field') }} as target_field
    on target_field.major = targets.target_major and target_field.model = used.model and target_field.field_name = used.field_name
  left join {{ ref('int_drift__odoo_field') }} as source_field
    on source_field.major = targets.major and source_field.model = used.model and source_field.field_name = used.field_name
  left join {{ ref('odoo_renames') }} as renamed
    on renamed.model = used.model and renamed.field = used.field_name
    and renamed.major > targets.major and renamed.major <= targets.target_major
  where used.standing <> 'own'
)

select
  client_id,
  target_major,
  model,
  field_name,
  case
    when standing <> 'standard' or not is_target_seeded then 'not assessed'
    when field_name = '*' then case
      when is_model_there then 'kept'
      when not was_model_there then 'not assessed'
      when new_model is not null then 'model renamed'
      else 'model gone'
    end
    -- With its model the field goes; that is told once, of the model.
    when not is_model_there then 'not assessed'
    when is_field_there then case
      when field_type <> target_type then 'type changed'
      when relation <> target_relation then 'relation changed'
      when is_no_longer_stored then 'no longer stored'
      else 'kept'
    end
    when new_model <> model then 'moved'
    when new_field is not null then 'renamed'
    when target_major = any(owner_majors) then 'gone'
    else 'not assessed'
  end as fate,
  case
    when standing = 'unresolved' then 'the model has no such field: it may belong to a list inside of the view'
    when standing <> 'standard' then 'outside of the seed'
    when not is_target_seeded then 'the seed has no ' || target_major || '.0'
    when field_name = '*' and is_model_there or field_name <> '*' and is_field_there then coalesce(
      case
        when field_type <> target_type then field_type || ' becomes ' || target_type
        when relation <> target_relation then relation || ' becomes ' || target_relation
      end, '')
    when new_model is not null then 'now ' || new_model || case when new_field <> '*' then '.' || new_field else '' end
    else ''
  end as detail
from compared
