select
  client_id,
  id as odoo_attendance_id,
  calendar_id as odoo_calendar_id,
  dayofweek::integer + 1 as iso_weekday,
  hour_from,
  hour_to,
  day_period,
  week_type,
  display_type,
  date_from as valid_from_on,
  date_to as valid_until_on,
  resource_id as odoo_resource_id,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'resource_calendar_attendance') }}
