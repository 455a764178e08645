select
  given.client_id,
  period.quarter,
  given.odoo_role_line_id,
  given.odoo_user_id,
  given.odoo_role_id,
  role.odoo_group_id,
  known.group_name as role_name,
  given.starts_on,
  given.ends_on,
  coalesce(given.starts_on <= period.as_of_on, true) and coalesce(given.ends_on >= period.as_of_on, true) as is_in_force,
  given.created_at as given_at,
  given.created_by_odoo_user_id as given_by_odoo_user_id,
  period.as_of_at
from {{ ref('stg_odoo__res_users_role_line') }} as given
join {{ ref('int_review__period') }} as period on period.client_id = given.client_id
left join {{ ref('stg_odoo__res_users_role') }} as role
  on role.client_id = given.client_id and role.odoo_role_id = given.odoo_role_id
left join {{ ref('int_access__group') }} as known
  on known.client_id = role.client_id and known.odoo_group_id = role.odoo_group_id
where {{ existed_at('given', 'period.as_of_at') }}
