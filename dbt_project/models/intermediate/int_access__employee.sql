with contracts as (
  -- Up to 18.0: the end of what is signed, if nothing signed is without end.
  select contract.client_id, contract.odoo_employee_id, max(contract.ends_on) as contract_ends_on
  from {{ ref('stg_odoo__hr_contract') }} as contract
  join {{ ref('int_review__period') }} as period on period.client_id = contract.client_id
  where contract.state in ('open', 'close') and (contract.deleted_at is null or contract.deleted_at > period.as_of_at)
  group by contract.client_id, contract.odoo_employee_id
  having bool_and(contract.ends_on is not null)
),

employees as (
  select
    employee.client_id,
    employee.odoo_employee_id,
    employee.odoo_user_id,
    employee.is_active,
    employee.manager_odoo_employee_id,
    employee.odoo_company_id,
    coalesce(dated.odoo_department_id, employee.odoo_department_id) as odoo_department_id,
    coalesce(dated.odoo_job_id, employee.odoo_job_id) as odoo_job_id,
    coalesce(dated.departure_on, employee.departure_on) as departure_on,
    coalesce(agreed.contract_ends_on, contracts.contract_ends_on) as contract_ends_on,
    employee.dbt_valid_from as seen_at,
    period.as_of_on,
    period.timezone
  from {{ ref('snap_odoo__hr_employee') }} as employee
  join {{ ref('int_review__period') }} as period on period.client_id = employee.client_id
  left join {{ ref('snap_odoo__hr_version') }} as dated
    on dated.client_id = employee.client_id
    and dated.odoo_version_id = employee.current_odoo_version_id
    and not dated.is_deleted
    and {{ held_at('dated', 'period.as_of_at') }}
  left join {{ ref('stg_odoo__hr_version') }} as agreed
    on agreed.client_id = dated.client_id and agreed.odoo_version_id = dated.odoo_version_id
  join {{ ref('int_access__employee_source') }} as told
    on told.client_id = employee.client_id and told.employee_source is distinct from 'staff list'
  left join contracts
    on contracts.client_id = employee.client_id and contracts.odoo_employee_id = employee.odoo_employee_id
  where not employee.is_deleted and {{ held_at('employee', 'period.as_of_at') }}
),

named as (
  select employees.*, department.department_name, job.job_name
  from employees
  left join {{ ref('stg_odoo__hr_department') }} as department
    on department.client_id = employees.client_id and department.odoo_department_id = employees.odoo_department_id
  left join {{ ref('stg_odoo__hr_job') }} as job on job.client_id = employees.client_id and job.odoo_job_id = employees.odoo_job_id

  -- A line of a staff list is an employee under the line's number; who has a job of the same name is a peer.
  union all
  select
    member.client_id, member.line, member.odoo_user_id, coalesce(member.left_on >= period.as_of_on, true), member.manager_line,
    member.odoo_company_id, null,
    case when member.job is not null then dense_rank() over (partition by member.client_id order by member.job) end,
    member.left_on, null, null, period.as_of_on, period.timezone, member.department, member.job
  from {{ source('ops', 'staff_member') }} as member
  join {{ ref('int_access__employee_source') }} as told
    on told.client_id = member.client_id and told.list_version = member.version
  join {{ ref('int_review__period') }} as period on period.client_id = member.client_id
)

select
  client_id,
  odoo_employee_id,
  odoo_user_id,
  is_active,
  manager_odoo_employee_id,
  odoo_company_id,
  odoo_department_id,
  department_name,
  odoo_job_id,
  job_name,
  departure_on,
  contract_ends_on,
  coalesce(departure_on, contract_ends_on) as left_on,
  -- Odoo takes an archived flag that was never set for active.
  is_active is false or coalesce(departure_on, contract_ends_on) < as_of_on as has_left,
  case
    when coalesce(departure_on, contract_ends_on) < as_of_on
      then (coalesce(departure_on, contract_ends_on) + 1)::timestamp at time zone timezone
    when is_active is false then seen_at
  end as left_at
from named
