select
  client_id,
  id as odoo_calendar_id,
  tz as timezone,
  coalesce(two_weeks_calendar, false) as is_two_weeks,
  coalesce(flexible_hours, false) as is_flexible,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'resource_calendar') }}
