{% set window_days, base_days = 14, 84 %}

-- Changes of one day share their window: what tickets do after that day cannot be told apart.
with changes as (
  select
    change.client_id,
    change.finding_id,
    change.quarter,
    change.kind,
    change.area,
    change.what,
    (coalesce(change.changed_at, change.seen_at) at time zone source.timezone)::date as changed_on,
    source.timezone,
    source.as_of_at,
    source.as_of_on,
    source.is_available,
    source.reason as source_reason
  from {{ ref('drift_config_change') }} as change
  join {{ ref('int_tickets__source') }} as source on source.client_id = change.client_id
),

opened as (
  select event.client_id, (event.happened_at at time zone source.timezone)::date as opened_on, count(*) as opened_count
  from {{ ref('int_tickets__event') }} as event
  join {{ ref('int_tickets__source') }} as source on source.client_id = event.client_id
  where event.event = 'opened'
  group by event.client_id, (event.happened_at at time zone source.timezone)::date
),

beginnings as (
  select client_id, min(opened_on) as first_on from opened group by client_id
),

counted as (
  select
    days.client_id,
    days.changed_on,
    coalesce(sum(opened.opened_count) filter (where opened.opened_on > days.changed_on), 0) as after_count,
    coalesce(sum(opened.opened_count) filter (where opened.opened_on < days.changed_on), 0) as base_count
  from (select distinct client_id, changed_on from changes) as days
  left join opened
    on opened.client_id = days.client_id
    and opened.opened_on between days.changed_on - {{ base_days }} and days.changed_on + {{ window_days }}
  group by days.client_id, days.changed_on
),

measured as (
  select
    changes.*,
    count(*) over (partition by changes.client_id, changes.changed_on) as same_day_count,
    case
      when not changes.is_available then 'n/a'
      when beginnings.first_on is null or beginnings.first_on > changes.changed_on - {{ base_days }} then 'n/a'
      when changes.as_of_on <= changes.changed_on + {{ window_days }} then 'too early'
    end as obstacle,
    counted.after_count,
    counted.base_count
  from changes
  join counted on counted.client_id = changes.client_id and counted.changed_on = changes.changed_on
  left join beginnings on beginnings.client_id = changes.client_id
),

bounded as (
  select
    *,
    {{ poisson_low('after_count') }} as after_low,
    {{ poisson_high('after_count') }} as after_high,
    base_count * {{ window_days }} / {{ base_days }}.0 as expected_count,
    {{ poisson_low('base_count') }} * {{ window_days }} / {{ base_days }} as expected_low,
    {{ poisson_high('base_count') }} * {{ window_days }} / {{ base_days }} as expected_high
  from measured
)

select
  client_id,
  finding_id,
  quarter,
  kind,
  area,
  what,
  changed_on,
  same_day_count,
  case
    when obstacle is not null then obstacle
    when after_low > expected_high then 'more tickets'
    when after_high < expected_low then 'fewer tickets'
    else 'no effect shown'
  end as effect,
  case
    when not is_available then source_reason
    when obstacle = 'n/a' then 'tickets do not go back {{ base_days }} days before the change'
    when obstacle = 'too early' then 'the {{ window_days }} days after the change are not over'
    else ''
  end as reason,
  case when obstacle is null then after_count end::bigint as ticket_count,
  case when obstacle is null then after_low end as ticket_count_low,
  case when obstacle is null then after_high end as ticket_count_high,
  case when obstacle is null then expected_count end::double precision as expected_count,
  case when obstacle is null then expected_low end as expected_count_low,
  case when obstacle is null then expected_high end as expected_count_high,
  as_of_at
from bounded
