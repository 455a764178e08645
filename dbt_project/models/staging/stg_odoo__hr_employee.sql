select
  client_id,
  id as odoo_employee_id,
  name as employee_name,
  active as is_active,
  user_id as odoo_user_id,
  parent_id as manager_odoo_employee_id,
  company_id as odoo_company_id,
  department_id as odoo_department_id,
  job_id as odoo_job_id,
  departure_date as departure_on,
  current_version_id as current_odoo_version_id,
  create_date as created_at,
  write_date as updated_at,
  create_uid as created_by_odoo_user_id,
  write_uid as updated_by_odoo_user_id,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'hr_employee') }}
