with clients as (
  select
    source.client_id,
    source.timezone,
    (date_trunc('week', source.as_of_at at time zone source.timezone) - interval '7 days')::date as last_week_on,
    calendar.basis <> 'none' as has_calendar,
    array(select jsonb_array_elements_text(calendar.business_hours -> 'holidays')::date) as holidays
  from {{ ref('int_tickets__source') }} as source
  join {{ ref('int_tickets__calendar') }} as calendar on calendar.client_id = source.client_id
  where source.is_available
),

opened as (
  select
    client_id,
    case when grouping(category) = 1 then '' else category end as category,
    week_starts_on,
    sum(opened_count)::bigint as opened_count
  from (
    select client_id, category, opened_count, date_trunc('week', happened_on::timestamp)::date as week_starts_on
    from {{ ref('int_tickets__day') }}
    where opened_count > 0
  ) as days
  group by grouping sets ((client_id, category, week_starts_on), (client_id, week_starts_on))
),

-- The week of the first ticket is no complete week of a running helpdesk, or of a category in use.
series as (
  select opened.client_id, opened.category, clients.last_week_on, min(opened.week_starts_on) + 7 as first_week_on
  from opened
  join clients on clients.client_id = opened.client_id
  group by opened.client_id, opened.category, clients.last_week_on
),

weeks as (
  select
    series.client_id,
    series.category,
    week.starts_on::date as week_starts_on,
    (series.last_week_on - week.starts_on::date) / 7 + 1 as place,
    (series.last_week_on - series.first_week_on) / 7 + 1 as week_count
  from series
  cross join lateral generate_series(
    greatest(series.first_week_on, series.last_week_on - 7 * ({{ trend_year_weeks() }} + {{ var('signal_span_days') // 7 }} - 1))::timestamp,
    series.last_week_on::timestamp,
    interval '7 days'
  ) as week (starts_on)
),

worked as (
  select
    clients.client_id,
    date_trunc('week', piece.starts_at at time zone clients.timezone)::date as week_starts_on,
    count(distinct (piece.starts_at at time zone clients.timezone)::date) as working_day_count
  from {{ ref('int_tickets__working_piece') }} as piece
  join clients on clients.client_id = piece.client_id
  where piece.is_working
  group by clients.client_id, date_trunc('week', piece.starts_at at time zone clients.timezone)
),

-- Without business hours: Monday to Friday.
working_days as (
  select
    weeks.client_id,
    weeks.week_starts_on,
    case when clients.has_calendar then coalesce(worked.working_day_count, 0) else (
      select count(*) from generate_series(0, 4) as day (number) where weeks.week_starts_on + day.number <> all(clients.holidays)
    ) end as working_day_count
  from weeks
  join clients on clients.client_id = weeks.client_id
  left join worked on worked.client_id = weeks.client_id and worked.week_starts_on = weeks.week_starts_on
  where weeks.category = ''
),

-- Users come and go in weeks; summed up, the moves are the number at each week's end.
moves as (
  select
    clients.client_id,
    date_trunc('week', move.moved_at at time zone clients.timezone)::date as week_starts_on,
    move.change * (person.is_active is true and person.is_share is not true and not person.is_deleted)::integer as change,
    move.change as version_change
  from {{ ref('snap_odoo__res_users') }} as person
  join clients on clients.client_id = person.client_id
  cross join lateral (values (person.dbt_valid_from, 1), (person.dbt_valid_to, -1)) as move (moved_at, change)
  where move.moved_at is not null and person.odoo_user_id <> 1 and {{ stood('person') }}
  union all
  select client_id, week_starts_on, 0, 0
  from weeks
  where category = ''
),

headcounts as (
  select
    client_id,
    week_starts_on,
    sum(sum(change)) over history as user_count,
    sum(sum(version_change)) over history > 0 as is_known
  from moves
  group by client_id, week_starts_on
  window history as (partition by client_id order by week_starts_on)
),

counted as (
  select
    weeks.*,
    coalesce(opened.opened_count, 0) as opened_count,
    working_days.working_day_count,
    case when headcounts.is_known then headcounts.user_count end::bigint as active_user_count
  from weeks
  join working_days on working_days.client_id = weeks.client_id and working_days.week_starts_on = weeks.week_starts_on
  join headcounts on headcounts.client_id = weeks.client_id and headcounts.week_starts_on = weeks.week_starts_on
  left join opened
    on opened.client_id = weeks.client_id
    and opened.category = weeks.category
    and opened.week_starts_on = weeks.week_starts_on
)

select
  client_id,
  category,
  week_starts_on,
  place,
  week_count,
  opened_count,
  working_day_count,
  active_user_count,
  -- Never across the turn between the two years: the sums of both stay what was opened in them.
  coalesce(
    max(week_starts_on) filter (where working_day_count >= 2) over (year_of_weeks order by week_starts_on),
    min(week_starts_on) filter (where working_day_count >= 2) over year_of_weeks,
    week_starts_on
  ) as joined_week_on
from counted
window year_of_weeks as (partition by client_id, category, (place - 1) / 52)
