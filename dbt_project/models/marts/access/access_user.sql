with memberships as (
  select
    client_id,
    odoo_user_id,
    count(*) as group_count,
    array_agg(group_name order by group_name collate "C", odoo_group_id) as group_names
  from {{ ref('access_effective_group') }}
  group by client_id, odoo_user_id
)

select
  person.client_id,
  period.quarter,
  person.odoo_user_id,
  person.login,
  person.user_kind,
  person.is_active,
  coalesce(memberships.group_count, 0) as group_count,
  coalesce(memberships.group_names, array[]::text[]) as group_names,
  person.last_login_at,
  person.employee_state,
  person.as_of_at
from {{ ref('int_access__person') }} as person
join {{ ref('int_review__period') }} as period on period.client_id = person.client_id
left join memberships
  on memberships.client_id = person.client_id and memberships.odoo_user_id = person.odoo_user_id
