with declared as (
  select area, model from {{ audit_areas() }} as listed (area, model)
  union all
  values ('deleted records', 'account.move'), ('sequence gaps', 'account.move')
),

subscribed as (
  select rule.client_id, model.model
  from {{ ref('stg_odoo__auditlog_rule') }} as rule
  join {{ ref('stg_odoo__ir_model') }} as model on model.client_id = rule.client_id and model.odoo_model_id = rule.odoo_model_id
  where not rule.is_deleted and rule.state = 'subscribed' and rule.log_create and rule.log_write and rule.log_unlink
),

known as (
  select period.client_id, period.quarter, period.as_of_at, period.quarter_starts_at, declared.area,
    bool_or(state.is_present) as is_present,
    bool_or(subscribed.model is not null) as is_subscribed
  from {{ ref('int_review__period') }} as period
  cross join declared
  left join {{ ref('int_review__model_state') }} as state on state.client_id = period.client_id and state.model = declared.model
  left join subscribed on subscribed.client_id = period.client_id and subscribed.model = declared.model
    and declared.area not in ('deleted records', 'sequence gaps')
  group by period.client_id, period.quarter, period.as_of_at, period.quarter_starts_at, declared.area
),

tracked as (
  select client_id from {{ ref('int_review__model_state') }} where model = 'mail.tracking.value' and is_present
),

first_night as (
  select run.client_id, min(night.as_of_at) as begins_at
  from {{ source('ops', 'client_run') }} as run
  join {{ source('ops', 'night') }} as night on night.night_id = run.night_id and not night.is_recomputation
  where run.state = 'succeeded'
  group by run.client_id
)

select
  known.client_id,
  known.quarter,
  known.area,
  case
    when known.is_present is not true then 'not visible'
    when known.is_subscribed then 'logged'
    when known.area = 'journal entries' then case when tracked.client_id is not null then 'logged' else 'not visible' end
    else 'derived nightly'
  end as coverage,
  case
    when known.is_present is not true then 'this Odoo has no such records, or they are not read'
    when known.is_subscribed then 'auditlog records it; deleted entries of auditlog itself are not told'
    when known.area = 'journal entries' then
      case when tracked.client_id is not null then 'changes of state as Odoo tracks them, and nothing else of the entry'
        else 'tracked changes are not read' end
    when known.area = 'memberships' then 'the night that first saw it; who did it is not kept by Odoo'
    when known.area = 'deleted records' then 'journal entries, payments, purchases; who did it and when is not kept by Odoo'
    when known.area = 'sequence gaps' then 'numbers that no entry has'
    when known.area = 'bank accounts' then 'the creation and the last writing; what was written in between is not kept by Odoo'
    else 'the last writing between two nights; who deleted something is not kept by Odoo'
  end as reason,
  greatest(first_night.begins_at, known.quarter_starts_at) as since_at,
  known.as_of_at
from known
left join tracked on tracked.client_id = known.client_id
left join first_night on first_night.client_id = known.client_id
