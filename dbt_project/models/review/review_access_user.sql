select
  client_id::text as client_id,
  quarter::text as quarter,
  odoo_user_id::bigint as odoo_user_id,
  login::text as login,
  user_kind::text as user_kind,
  is_active,
  group_count::bigint as group_count,
  group_names::text[] as group_names,
  last_login_at::timestamptz as last_login_at,
  employee_state::text as employee_state,
  as_of_at::timestamptz as as_of_at,
  {{ build_id() }} as build_id
from {{ ref('access_user') }}
