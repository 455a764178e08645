select
  client_id,
  id as odoo_version_id,
  employee_id as odoo_employee_id,
  date_version as starts_on,
  department_id as odoo_department_id,
  job_id as odoo_job_id,
  departure_date as departure_on,
  contract_date_end as contract_ends_on,
  active as is_active,
  create_date as created_at,
  write_date as updated_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'hr_version') }}
