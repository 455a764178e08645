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
  left join contracts
    on contracts.client_id = employee.client_id and contracts.odoo_employee_id = employee.odoo_employee_id
  where not employee.is_deleted and {{ held_at('employee', 'period.as_of_at') }}
)

select
  client_id,
  odoo_employee_id,
  odoo_user_id,
  is_active,
  manager_odoo_employee_id,
  odoo_company_id,
  odoo_department_id,
  odoo_job_id,
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
from employees
