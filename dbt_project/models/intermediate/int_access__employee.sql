select
  employee.client_id,
  employee.odoo_employee_id,
  employee.odoo_user_id,
  employee.is_active,
  coalesce(dated.odoo_department_id, employee.odoo_department_id) as odoo_department_id,
  coalesce(dated.odoo_job_id, employee.odoo_job_id) as odoo_job_id,
  coalesce(dated.departure_on, employee.departure_on) as departure_on
from {{ ref('snap_odoo__hr_employee') }} as employee
join {{ ref('int_review__period') }} as period on period.client_id = employee.client_id
left join {{ ref('snap_odoo__hr_version') }} as dated
  on dated.client_id = employee.client_id
  and dated.odoo_version_id = employee.current_odoo_version_id
  and not dated.is_deleted
  and {{ held_at('dated', 'period.as_of_at') }}
where not employee.is_deleted and {{ held_at('employee', 'period.as_of_at') }}
