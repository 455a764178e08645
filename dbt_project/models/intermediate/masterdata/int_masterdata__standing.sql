{# What stood at the moment of evaluation, and since when without a break. #}
with versions as (
  select history.*, period.quarter, period.as_of_at, period.as_of_on,
    -- A version that begins where the one before ended goes on with it.
    coalesce(history.dbt_valid_from > lag(history.dbt_valid_to) over record, true) as is_beginning
  from {{ ref('snap_odoo__master_data') }} as history
  join {{ ref('int_review__period') }} as period on period.client_id = history.client_id
  where history.dbt_valid_from <= period.as_of_at and {{ stood('history') }}
  window record as (
    partition by history.client_id, history.model, history.rule, history.record_id order by history.dbt_valid_from)
),

spans as (
  select *, max(dbt_valid_from) filter (where is_beginning) over record as seen_at,
    -- The state that the finding began with.
    first_value(stands_since_at) over (
      partition by client_id, model, rule, record_id order by is_beginning desc, dbt_valid_from desc
      rows between unbounded preceding and unbounded following) as began_as_written_at
  from versions
  window record as (
    partition by client_id, model, rule, record_id order by dbt_valid_from
    rows between unbounded preceding and current row)
),

watched as (
  select client_id, model, rule, min(dbt_valid_from) as watched_since_at
  from {{ ref('snap_odoo__master_data') }}
  where record_id = 0
  group by client_id, model, rule
)

select
  spans.client_id, spans.quarter, spans.model, spans.rule, spans.record_id, spans.other_record_id, spans.detail,
  spans.is_in_use, spans.updated_at, spans.updated_by_odoo_user_id, spans.record_count,
  -- What was there when the watching began is as old as it is written; what came later is as old as it was seen.
  case when spans.seen_at <= watched.watched_since_at then least(spans.began_as_written_at, spans.seen_at) else spans.seen_at end as since_at,
  case when spans.seen_at <= watched.watched_since_at and spans.began_as_written_at < spans.seen_at then 'last written' else 'seen' end as since_basis,
  spans.as_of_at, spans.as_of_on
from spans
join watched on watched.client_id = spans.client_id and watched.model = spans.model and watched.rule = spans.rule
where {{ held_at('spans', 'spans.as_of_at') }}
