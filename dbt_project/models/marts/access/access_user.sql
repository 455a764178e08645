with people as (
  select
    person.client_id,
    person.odoo_user_id,
    person.login,
    person.is_active,
    person.is_share,
    period.quarter,
    period.as_of_at
  from {{ ref('snap_odoo__res_users') }} as person
  join {{ ref('int_review__period') }} as period on period.client_id = person.client_id
  where not person.is_deleted and {{ held_at('person', 'period.as_of_at') }}
),

memberships as (
  select
    client_id,
    odoo_user_id,
    count(*) as group_count,
    array_agg(group_name order by group_name collate "C", odoo_group_id) as group_names
  from {{ ref('access_effective_group') }}
  group by client_id, odoo_user_id
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
  select client_id, odoo_user_id, bool_or(coalesce(is_active, true)) as is_active
  from {{ ref('int_access__employee') }}
  where odoo_user_id is not null
  group by client_id, odoo_user_id
)

select
  people.client_id,
  people.quarter,
  people.odoo_user_id,
  people.login,
  case
    when people.odoo_user_id = 1 then 'superuser'
    when people.is_share then 'share'
    else 'internal'
  end as user_kind,
  people.is_active,
  coalesce(memberships.group_count, 0) as group_count,
  coalesce(memberships.group_names, array[]::text[]) as group_names,
  logins.last_login_at,
  case
    when staff.is_present is not true then 'n/a'
    when employees.odoo_user_id is null then 'none'
    when employees.is_active then 'active'
    else 'archived'
  end as employee_state,
  people.as_of_at
from people
left join memberships
  on memberships.client_id = people.client_id and memberships.odoo_user_id = people.odoo_user_id
left join logins on logins.client_id = people.client_id and logins.odoo_user_id = people.odoo_user_id
left join employees on employees.client_id = people.client_id and employees.odoo_user_id = people.odoo_user_id
left join {{ ref('int_review__model_state') }} as staff
  on staff.client_id = people.client_id and staff.model = 'hr.employee'
