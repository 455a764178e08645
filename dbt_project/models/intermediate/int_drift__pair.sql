-- Two ways to look at one history: each night against the one before (gross), and now against each baseline (net).
with watched as (
  select mark.client_id, mark.entity, min(mark.dbt_valid_from) as since_at
  from {{ ref('int_review__period') }} as period
  cross join (values {% for entry in configuration_entries() %}('{{ entry.model }}'){{ ', ' if not loop.last }}{% endfor %}) as entry (model)
  join {{ ref('snap_odoo__configuration') }} as mark
    on mark.client_id = period.client_id and mark.entity = entry.model and mark.record_id = 0 and mark.related_id = 0
  group by mark.client_id, mark.entity
),

nightly as (
  select
    history.client_id,
    'night'::text as comparison,
    history.dbt_valid_from as seen_at,
    history.entity,
    history.record_id,
    history.related_id,
    history.dbt_valid_from as after_valid_from,
    null::timestamptz as baseline_at
  from {{ ref('snap_odoo__configuration') }} as history
  join {{ ref('int_review__period') }} as period
    on period.client_id = history.client_id
    and history.dbt_valid_from >= period.quarter_starts_at
    and history.dbt_valid_from < period.quarter_ends_at
    and history.dbt_valid_from <= period.as_of_at
  join watched
    on watched.client_id = history.client_id and watched.entity = history.entity
    and watched.since_at < history.dbt_valid_from
  where history.record_id > 0 and {{ stood('history') }}
),

net as (
  select
    history.client_id,
    'baseline ' || baseline.name as comparison,
    period.as_of_at as seen_at,
    history.entity,
    history.record_id,
    history.related_id,
    max(history.dbt_valid_from) as after_valid_from,
    baseline.baseline_at
  from {{ ref('snap_odoo__configuration') }} as history
  join {{ ref('int_review__period') }} as period
    on period.client_id = history.client_id and history.dbt_valid_from <= period.as_of_at
  join {{ source('ops', 'baseline') }} as baseline
    on baseline.client_id = history.client_id and baseline.baseline_at < history.dbt_valid_from
  join watched
    on watched.client_id = history.client_id and watched.entity = history.entity
    and watched.since_at <= baseline.baseline_at
  where history.record_id > 0 and {{ stood('history') }}
  group by 1, 2, 3, 4, 5, 6, 8
),

asked as (
  select * from nightly
  union all
  select * from net
),

reading_before as (
  select step.client_id, step.seen_at, max(night.as_of_at) as before_at
  from (select distinct client_id, seen_at from nightly) as step
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
from asked
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
