with recursive stored as (
  select member.client_id, member.odoo_user_id, member.odoo_group_id
  from {{ ref('snap_odoo__res_groups_users_rel') }} as member
  join {{ ref('int_review__period') }} as period on period.client_id = member.client_id
  where not member.is_deleted and {{ held_at('member', 'period.as_of_at') }}
),

-- Up to 18.0 the stored relation holds what is implied and the server obeys it alone, leftovers included.
implied as (
  select implication.client_id, implication.odoo_group_id, implication.implied_odoo_group_id
  from {{ ref('snap_odoo__res_groups_implied_rel') }} as implication
  join {{ ref('int_review__period') }} as period on period.client_id = implication.client_id
  join {{ ref('int_review__odoo_version') }} as version on version.client_id = implication.client_id
  where version.major >= 19 and not implication.is_deleted and {{ held_at('implication', 'period.as_of_at') }}
),

held as (
  select client_id, odoo_user_id, odoo_group_id
  from stored
  union
  select held.client_id, held.odoo_user_id, implied.implied_odoo_group_id
  from held
  join implied on implied.client_id = held.client_id and implied.odoo_group_id = held.odoo_group_id
)

select
  held.client_id,
  held.odoo_user_id,
  held.odoo_group_id,
  coalesce(known.group_name, '(group ' || held.odoo_group_id || ')') as group_name
from held
join {{ ref('int_review__period') }} as period on period.client_id = held.client_id
left join {{ ref('snap_odoo__res_groups') }} as known
  on known.client_id = held.client_id
  and known.odoo_group_id = held.odoo_group_id
  and not known.is_deleted
  and {{ held_at('known', 'period.as_of_at') }}
