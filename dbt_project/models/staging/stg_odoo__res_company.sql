select
  client_id,
  id as odoo_company_id,
  resource_calendar_id as odoo_calendar_id,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'res_company') }}
