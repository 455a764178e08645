{{ config(indexes=[{'columns': ['client_id', 'odoo_user_id']}]) }}

with people as (
  select
    person.client_id, person.odoo_user_id, person.login, person.is_active, person.is_share, known.created_at,
    period.as_of_at, period.as_of_on, period.timezone
  from {{ ref('snap_odoo__res_users') }} as person
  join {{ ref('int_review__period') }} as period on period.client_id = person.client_id
  left join {{ ref('stg_odoo__res_users') }} as known
    on known.client_id = person.client_id and known.odoo_user_id = person.odoo_user_id
  where not person.is_deleted and {{ held_at('person', 'period.as_of_at') }}
),

-- Seen by the nights: when somebody was archived for the last time. Who was archived before the history began has none.
deactivated as (
  select person.client_id, person.odoo_user_id,
    max(person.dbt_valid_from) filter (where person.was_active and person.is_active is false) as deactivated_at
  from (
    select version.*, period.as_of_at,
      lag(version.is_active) over (
        partition by version.client_id, version.odoo_user_id order by version.dbt_valid_from) as was_active
    from {{ ref('snap_odoo__res_users') }} as version
    join {{ ref('int_review__period') }} as period on period.client_id = version.client_id
    where {{ stood('version') }}
  ) as person
  where person.dbt_valid_from <= person.as_of_at
  group by person.client_id, person.odoo_user_id
),

logins as (
  -- Odoo forgets all but the last login; a forgotten one is kept here as a tombstone and still counts.
  select log.client_id, log.odoo_user_id, max(log.logged_in_at) as last_login_at
  from {{ ref('stg_odoo__res_users_log') }} as log
  join {{ ref('int_review__period') }} as period on period.client_id = log.client_id
  where log.logged_in_at < period.as_of_at
  group by log.client_id, log.odoo_user_id
),

employees as (
  select employee.client_id, employee.odoo_user_id,
    array_agg(employee.odoo_employee_id order by employee.odoo_employee_id) as odoo_employee_ids,
    bool_or(coalesce(employee.is_active, true)) as is_active,
    -- Somebody with several employees has left when all of them have; the last of them says when.
    bool_and(coalesce(employee.has_left, false)) as has_left,
    max(employee.left_on) as left_on,
    max(employee.left_at) as left_at,
    array_agg(distinct employee.odoo_company_id) filter (where employee.odoo_company_id is not null) as employee_company_ids,
    min(employee.odoo_job_id) as odoo_job_id,
    (array_agg(employee.department_name order by employee.odoo_department_id, employee.odoo_employee_id))[1] as department_name,
    (array_agg(employee.job_name order by employee.odoo_job_id))[1] as job_name,
    bool_or(manager.odoo_employee_id is not null and manager.has_left is not true) as has_manager,
    max(manager.odoo_employee_id) as manager_odoo_employee_id,
    min(manager.left_at) as manager_left_at,
    bool_or(exists (
      select from {{ ref('int_access__employee') }} as below
      where below.client_id = employee.client_id and below.manager_odoo_employee_id = employee.odoo_employee_id
        and below.odoo_employee_id <> employee.odoo_employee_id
    )) as leads_others
  from {{ ref('int_access__employee') }} as employee
  left join {{ ref('int_access__employee') }} as manager
    on manager.client_id = employee.client_id and manager.odoo_employee_id = employee.manager_odoo_employee_id
    and manager.odoo_employee_id <> employee.odoo_employee_id
  where employee.odoo_user_id is not null
  group by employee.client_id, employee.odoo_user_id
),

companies as (
  select entered.client_id, entered.odoo_user_id, array_agg(entered.odoo_company_id order by entered.odoo_company_id) as ids
  from {{ ref('stg_odoo__res_company_users_rel') }} as entered
  join {{ ref('int_review__period') }} as period on period.client_id = entered.client_id
  where entered.deleted_at is null or entered.deleted_at > period.as_of_at
  group by entered.client_id, entered.odoo_user_id
),

keys as (
  select key.client_id, key.odoo_user_id, count(*) as key_count, min(key.created_at) as oldest_at,
    max(key.expires_at) as last_expires_at, array_agg(key.odoo_key_id order by key.odoo_key_id) as ids
  from {{ ref('stg_odoo__res_users_apikeys') }} as key
  join {{ ref('int_review__period') }} as period on period.client_id = key.client_id
  where {{ existed_at('key', 'period.as_of_at') }} and coalesce(key.expires_at > period.as_of_at, true)
  group by key.client_id, key.odoo_user_id
),

roles as (
  select given.client_id, given.odoo_user_id, array_agg(given.odoo_role_id order by given.odoo_role_id) as ids
  from {{ ref('stg_odoo__res_users_role_line') }} as given
  join {{ ref('int_review__period') }} as period on period.client_id = given.client_id
  where (given.deleted_at is null or given.deleted_at > period.as_of_at)
    and coalesce(given.starts_on <= period.as_of_on, true) and coalesce(given.ends_on >= period.as_of_on, true)
  group by given.client_id, given.odoo_user_id
),

readers as (
  select distinct client_id, reader_user_id as odoo_user_id
  from {{ source('ops', 'client_run') }}
  where reader_user_id is not null
)

select
  people.client_id,
  people.odoo_user_id,
  people.login,
  case when people.odoo_user_id = 1 then 'superuser' when people.is_share then 'share' else 'internal' end as user_kind,
  coalesce(people.is_active, true) as is_active,
  people.created_at,
  deactivated.deactivated_at,
  -- Who reads for these marts logs in to do so; its logins say nothing.
  case when readers.odoo_user_id is null then logins.last_login_at end as last_login_at,
  readers.odoo_user_id is not null as is_reading_account,
  coalesce(
    (select value -> people.client_id ? people.login from {{ source('ops', 'policy_setting') }}
     where build_id = {{ build_id() }} and setting = 'access.service_accounts'), false
  ) as is_service_account,
  case
    when told.employee_source is null then 'n/a'
    when employees.odoo_user_id is null then 'none'
    when employees.is_active then 'active'
    else 'archived'
  end as employee_state,
  told.employee_source,
  coalesce(employees.odoo_employee_ids, array[]::bigint[]) as odoo_employee_ids,
  coalesce(employees.has_left, false) as has_left,
  employees.left_on,
  employees.left_at,
  employees.odoo_job_id,
  employees.department_name,
  employees.job_name,
  employees.employee_company_ids,
  employees.has_manager,
  employees.manager_odoo_employee_id,
  employees.manager_left_at,
  employees.leads_others,
  coalesce(companies.ids, array[]::bigint[]) as entered_company_ids,
  coalesce(keys.key_count, 0) as api_key_count,
  keys.oldest_at as oldest_api_key_at,
  keys.last_expires_at as api_key_expires_at,
  coalesce(keys.ids, array[]::bigint[]) as odoo_key_ids,
  coalesce(roles.ids, array[]::bigint[]) as odoo_role_ids,
  people.as_of_at,
  people.as_of_on,
  people.timezone
from people
left join deactivated using (client_id, odoo_user_id)
left join logins using (client_id, odoo_user_id)
left join employees using (client_id, odoo_user_id)
left join companies using (client_id, odoo_user_id)
left join keys using (client_id, odoo_user_id)
left join roles using (client_id, odoo_user_id)
left join readers using (client_id, odoo_user_id)
left join {{ ref('int_access__employee_source') }} as told on told.client_id = people.client_id
