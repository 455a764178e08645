with reading_before as (
  select step.client_id, step.seen_at, max(night.as_of_at) as before_at
  from (select distinct client_id, seen_at from {{ ref('int_drift__moved') }} where comparison = 'night') as step
  join {{ source('ops', 'client_run') }} as run on run.client_id = step.client_id and run.state = 'succeeded'
  join {{ source('ops', 'night') }} as night
    on night.night_id = run.night_id and not night.is_recomputation and night.as_of_at < step.seen_at
  group by step.client_id, step.seen_at
)

select
  asked.client_id,
  asked.comparison,
  asked.seen_at,
  coalesce(asked.baseline_at, reading_before.before_at) as before_at,
  asked.entity,
  asked.record_id,
  asked.related_id,
  before.content as before_content,
  coalesce(before.is_deleted, true) as was_absent,
  before.write_date as before_written_at,
  after.content as after_content,
  after.is_deleted as is_absent,
  after.create_uid as created_by_user_id,
  after.write_uid as written_by_user_id,
  after.write_date as written_at
from {{ ref('int_drift__moved') }} as asked
join {{ ref('snap_odoo__configuration') }} as after
  on after.client_id = asked.client_id and after.entity = asked.entity and after.record_id = asked.record_id
  and after.related_id = asked.related_id and after.dbt_valid_from = asked.after_valid_from
  and {{ stood('after') }}
left join {{ ref('snap_odoo__configuration') }} as before
  on before.client_id = asked.client_id and before.entity = asked.entity and before.record_id = asked.record_id
  and before.related_id = asked.related_id and {{ stood('before') }}
  and case
    when asked.baseline_at is null then before.dbt_valid_to = asked.seen_at
    else {{ held_at('before', 'asked.baseline_at') }}
  end
left join reading_before
  on asked.baseline_at is null and reading_before.client_id = asked.client_id
  and reading_before.seen_at = asked.seen_at
