-- Two ways to look at one history: each night against the one before (gross), and now against each baseline (net). Asked
-- for two days of one client, only these are compared (analyses/difference_between_days.sql).
{% if var('is_comparison', false) -%}
with asked as (
  select
    current_setting('driftline.client_id') as client_id,
    current_setting('driftline.earlier_at')::timestamptz as earlier_at,
    current_setting('driftline.later_at')::timestamptz as later_at
)

select
  history.client_id,
  'days'::text as comparison,
  asked.later_at as seen_at,
  history.entity,
  history.record_id,
  history.related_id,
  max(history.dbt_valid_from) as after_valid_from,
  asked.earlier_at as baseline_at
from asked
join {{ ref('snap_odoo__configuration') }} as history
  on history.client_id = asked.client_id
  and history.dbt_valid_from > asked.earlier_at and history.dbt_valid_from <= asked.later_at
where history.record_id > 0 and {{ stood('history') }}
  and exists (
    select from {{ ref('snap_odoo__configuration') }} as mark
    where mark.client_id = asked.client_id and mark.entity = history.entity and mark.record_id = 0
      and mark.related_id = 0 and mark.dbt_valid_from <= asked.earlier_at)
group by 1, 2, 3, 4, 5, 6, 8
{%- else -%}
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
)

select * from nightly
union all
select * from net
{%- endif %}
