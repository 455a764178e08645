with calendars as (
  select * from {{ ref('int_tickets__calendar') }} where basis <> 'none'
),

days as (
  select calendars.client_id, series.day::date as day_on
  from calendars
  cross join lateral generate_series(first_on::timestamp, last_on::timestamp, interval '1 day') as series (day)
),

spans as (
  select
    calendar.client_id,
    (span.value ->> 0)::integer as iso_weekday,
    (span.value ->> 1)::integer as first_minute,
    (span.value ->> 2)::integer as last_minute,
    null::integer as week_type,
    null::date as valid_from_on,
    null::date as valid_until_on
  from calendars as calendar
  cross join lateral jsonb_array_elements(calendar.business_hours -> 'spans') as span (value)
  where calendar.basis = 'entry'
  union all
  select
    calendar.client_id,
    attendance.iso_weekday,
    round(attendance.hour_from * 60)::integer,
    round(attendance.hour_to * 60)::integer,
    case when calendar.is_two_weeks then attendance.week_type::integer end,
    attendance.valid_from_on,
    attendance.valid_until_on
  from calendars as calendar
  join {{ ref('stg_odoo__resource_calendar_attendance') }} as attendance
    on attendance.client_id = calendar.client_id and attendance.odoo_calendar_id = calendar.odoo_calendar_id
  where calendar.basis = 'odoo'
    and not attendance.is_deleted
    and attendance.odoo_resource_id is null
    and attendance.display_type is null
    and attendance.day_period is distinct from 'lunch'
),

-- On the clock of the place: a span over a change of the clocks is as long as it really was.
attended as (
  select
    days.client_id,
    (days.day_on + make_interval(mins => spans.first_minute)) at time zone calendar.timezone as starts_at,
    (days.day_on + make_interval(mins => spans.last_minute)) at time zone calendar.timezone as ends_at
  from days
  join calendars as calendar on calendar.client_id = days.client_id
  join spans on spans.client_id = days.client_id and spans.iso_weekday = extract(isodow from days.day_on)
  where (spans.valid_from_on is null or days.day_on >= spans.valid_from_on)
    and (spans.valid_until_on is null or days.day_on <= spans.valid_until_on)
    -- Odoo counts weeks from the first day of the year 1.
    and (spans.week_type is null or spans.week_type = (days.day_on - date '0001-01-01') / 7 % 2)
),

free as (
  select
    calendar.client_id,
    day.value::date::timestamp at time zone calendar.holidays_timezone as starts_at,
    (day.value::date + 1)::timestamp at time zone calendar.holidays_timezone as ends_at
  from calendars as calendar
  cross join lateral jsonb_array_elements_text(calendar.business_hours -> 'holidays') as day (value)
  union all
  select calendar.client_id, time_off.starts_at, time_off.ends_at
  from calendars as calendar
  join {{ ref('stg_odoo__resource_calendar_leaves') }} as time_off
    on time_off.client_id = calendar.client_id
    and coalesce(time_off.odoo_calendar_id, calendar.odoo_calendar_id) = calendar.odoo_calendar_id
  where calendar.basis = 'odoo' and not time_off.is_deleted and time_off.odoo_resource_id is null
),

worked as (
  select attended.client_id, unnest(range_agg(tstzrange(attended.starts_at, attended.ends_at)) - coalesce(any_value(off.free), '{}')) as span
  from attended
  left join (
    select client_id, range_agg(tstzrange(starts_at, ends_at)) as free from free where starts_at < ends_at group by client_id
  ) as off on off.client_id = attended.client_id
  where attended.starts_at < attended.ends_at
  group by attended.client_id
),

boundaries as (
  select client_id, at, sum(turn) as turn
  from (
    select client_id, lower(span) as at, 1 as turn from worked
    union all
    select client_id, upper(span), -1 from worked
    union all
    select client_id, day_on::timestamp at time zone 'UTC', 0 from days
  ) as turns
  group by client_id, at
),

pieces as (
  select
    client_id,
    at as starts_at,
    lead(at) over client as ends_at,
    sum(turn) over client > 0 as is_working
  from boundaries
  window client as (partition by client_id order by at)
)

select
  client_id,
  (starts_at at time zone 'UTC')::date as utc_on,
  starts_at,
  ends_at,
  is_working,
  coalesce(sum(extract(epoch from ends_at - starts_at)) filter (where is_working) over (
    partition by client_id order by starts_at rows between unbounded preceding and 1 preceding
  ), 0) as worked_before_seconds
from pieces
where ends_at is not null
