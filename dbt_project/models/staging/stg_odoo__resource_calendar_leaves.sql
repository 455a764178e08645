select
  client_id,
  id as odoo_leave_id,
  calendar_id as odoo_calendar_id,
  company_id as odoo_company_id,
  resource_id as odoo_resource_id,
  date_from as starts_at,
  date_to as ends_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'resource_calendar_leaves') }}
