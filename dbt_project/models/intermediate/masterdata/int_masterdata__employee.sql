{{ config(materialized='view') }}


select
  employee.client_id,
  employee.odoo_employee_id as record_id,
  employee.odoo_company_id as company_id,
  {{ folded('employee.employee_name') }} as name_key,
  employee.odoo_user_id as user_id,
  employee.manager_odoo_employee_id as manager_id,
  coalesce(version.odoo_department_id, employee.odoo_department_id) as department_id,
  coalesce(version.odoo_job_id, employee.odoo_job_id) as job_id,
  coalesce(employee.is_active, true) and not employee.is_deleted as is_in_use,
  not coalesce(employee.is_active, true) and not employee.is_deleted as is_archived,
  employee.created_at, employee.updated_at, employee.updated_by_odoo_user_id, employee.read_at
from {{ ref('stg_odoo__hr_employee') }} as employee
left join {{ ref('stg_odoo__hr_version') }} as version
  on version.client_id = employee.client_id and version.odoo_version_id = employee.current_odoo_version_id
