with asked as (
  select {{ build_as_of_at() }} as build_as_of_at, nullif('{{ var("quarter", "") }}', '') as quarter
),

named as (
  select
    client.client_id,
    client.timezone,
    client.ticket_source,
    client.last_version_upgrade_on,
    asked.build_as_of_at,
    case
      when asked.quarter is not null
        then make_date(left(asked.quarter, 4)::integer, (right(asked.quarter, 1)::integer - 1) * 3 + 1, 1)
      else date_trunc('quarter', asked.build_as_of_at at time zone client.timezone)::date
    end as quarter_starts_on
  from {{ source('ops', 'client') }} as client
  cross join asked
  where client.is_active
),

bounded as (
  select
    *,
    (quarter_starts_on + interval '3 months')::date as next_quarter_starts_on,
    quarter_starts_on::timestamp at time zone timezone as quarter_starts_at,
    (quarter_starts_on + interval '3 months')::timestamp at time zone timezone as quarter_ends_at
  from named
)

select
  client_id,
  to_char(quarter_starts_on, 'YYYY"Q"Q') as quarter,
  to_char(quarter_starts_on - interval '3 months', 'YYYY"Q"Q') as previous_quarter,
  timezone,
  quarter_starts_on,
  quarter_starts_at,
  quarter_ends_at,
  least(build_as_of_at, quarter_ends_at) as as_of_at,
  -- A day later than the instant at a quarter's end would already be the next quarter's.
  case
    when build_as_of_at >= quarter_ends_at then next_quarter_starts_on - 1
    else (build_as_of_at at time zone timezone)::date
  end as as_of_on,
  build_as_of_at >= quarter_ends_at as is_quarter_complete,
  ticket_source,
  last_version_upgrade_on
from bounded
