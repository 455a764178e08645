select
  client_id,
  id as odoo_contract_id,
  employee_id as odoo_employee_id,
  active as is_active,
  state,
  date_start as starts_on,
  date_end as ends_on,
  _deleted_at as deleted_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'hr_contract') }}
