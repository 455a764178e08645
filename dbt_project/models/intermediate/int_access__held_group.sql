{{ config(indexes=[{'columns': ['client_id', 'odoo_user_id']}]) }}

select
  held.client_id,
  held.odoo_user_id,
  held.odoo_group_id,
  held.group_name,
  held.direct,
  member.dbt_valid_from as since_at
from {{ ref('access_effective_group') }} as held
join {{ ref('int_access__person') }} as person
  on person.client_id = held.client_id and person.odoo_user_id = held.odoo_user_id
  and person.is_active and person.user_kind <> 'superuser'
left join {{ ref('snap_odoo__res_groups_users_rel') }} as member
  on member.client_id = held.client_id
  and member.odoo_user_id = held.odoo_user_id
  and member.odoo_group_id = case when held.is_stored then held.odoo_group_id else held.path[1] end
  and not member.is_deleted
  and {{ held_at('member', 'held.as_of_at') }}
