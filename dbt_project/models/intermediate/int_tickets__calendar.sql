with own as (
  -- The schedule of the first company that has one, unless the client's entry names another.
  select distinct on (client_id) client_id, odoo_calendar_id
  from {{ ref('stg_odoo__res_company') }}
  where odoo_calendar_id is not null and not is_deleted
  order by client_id, odoo_company_id
),

chosen as (
  select
    client.client_id,
    client.timezone,
    client.business_hours ->> 'source' as declared_source,
    client.business_hours,
    coalesce((client.business_hours ->> 'odoo_calendar_id')::bigint, own.odoo_calendar_id) as odoo_calendar_id
  from {{ source('ops', 'client') }} as client
  left join own on own.client_id = client.client_id
),

timed as (
  select client_id, odoo_calendar_id, count(*) as span_count
  from {{ ref('stg_odoo__resource_calendar_attendance') }}
  where not is_deleted and odoo_resource_id is null
  group by client_id, odoo_calendar_id
),

ages as (
  select client_id, min(opened_at) as first_opened_at
  from {{ ref('int_tickets__ticket') }}
  group by client_id
)

select
  period.client_id,
  case
    when chosen.declared_source = 'here' then 'entry'
    when calendar.client_id is null or calendar.is_deleted or calendar.is_flexible or timed.client_id is null then 'none'
    else 'odoo'
  end as basis,
  case
    when chosen.declared_source = 'here' then ''
    when chosen.odoo_calendar_id is null then 'no business hours: the entry of the client declares none, and no company in its Odoo has a working schedule'
    when calendar.client_id is null or calendar.is_deleted then 'no business hours: its Odoo has no working schedule ' || chosen.odoo_calendar_id
    when calendar.is_flexible then 'no business hours: the working schedule of its Odoo is flexible, without times of day'
    when timed.client_id is null then 'no business hours: the working schedule of its Odoo is empty'
    else ''
  end as reason,
  case when chosen.declared_source = 'here' then null else chosen.odoo_calendar_id end as odoo_calendar_id,
  case when chosen.declared_source = 'here' then chosen.timezone else coalesce(calendar.timezone, chosen.timezone) end as timezone,
  chosen.timezone as holidays_timezone,
  chosen.business_hours,
  coalesce(calendar.is_two_weeks, false) as is_two_weeks,
  (greatest(least(ages.first_opened_at, period.quarter_starts_at), period.as_of_at - interval '15 years') at time zone 'UTC')::date - 2 as first_on,
  -- Far enough for the deadlines of what is open.
  (period.as_of_at at time zone 'UTC')::date + 400 as last_on
from {{ ref('int_review__period') }} as period
join chosen on chosen.client_id = period.client_id
left join {{ ref('stg_odoo__resource_calendar') }} as calendar
  on calendar.client_id = chosen.client_id and calendar.odoo_calendar_id = chosen.odoo_calendar_id
left join timed on timed.client_id = chosen.client_id and timed.odoo_calendar_id = chosen.odoo_calendar_id
left join ages on ages.client_id = period.client_id
