select
  client_id,
  id as odoo_department_id,
  name as department_name,
  parent_id as parent_odoo_department_id,
  manager_id as manager_odoo_employee_id,
  _deleted_at as deleted_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'hr_department') }}
