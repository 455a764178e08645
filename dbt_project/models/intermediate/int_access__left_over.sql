{# Up to 18.0 Odoo never takes back what an implication handed out. A membership that nothing implies any more, and that
   something implied before, is such a rest: as far as the nights have seen it. #}
with member as (
  select version.client_id, version.odoo_user_id, version.odoo_group_id, version.dbt_valid_from,
    coalesce(version.dbt_valid_to, 'infinity') as dbt_valid_to, period.as_of_at
  from {{ ref('snap_odoo__res_groups_users_rel') }} as version
  join {{ ref('int_review__period') }} as period on period.client_id = version.client_id
  where not version.is_deleted and {{ stood('version') }} and version.dbt_valid_from <= period.as_of_at
),

implication as (
  select client_id, odoo_group_id, implied_odoo_group_id, dbt_valid_from, coalesce(dbt_valid_to, 'infinity') as dbt_valid_to
  from {{ ref('snap_odoo__res_groups_implied_rel') }} as version
  where not is_deleted and {{ stood('version') }} and odoo_group_id <> implied_odoo_group_id
),

before as (
  select member.client_id, member.odoo_user_id, implication.implied_odoo_group_id as odoo_group_id,
    max(least(member.dbt_valid_to, implication.dbt_valid_to)) as ended_at
  from member
  join implication
    on implication.client_id = member.client_id and implication.odoo_group_id = member.odoo_group_id
    and implication.dbt_valid_from < member.dbt_valid_to and member.dbt_valid_from < implication.dbt_valid_to
  where least(member.dbt_valid_to, implication.dbt_valid_to) <= member.as_of_at
  group by member.client_id, member.odoo_user_id, implication.implied_odoo_group_id
)

select
  held.client_id,
  held.odoo_user_id,
  'stored_not_implied' as rule,
  held.odoo_group_id,
  held.group_name,
  before.ended_at as since_at
from {{ ref('int_access__held_group') }} as held
join before
  on before.client_id = held.client_id and before.odoo_user_id = held.odoo_user_id
  and before.odoo_group_id = held.odoo_group_id
  -- Given anew after that, it is a decision and no rest.
  and held.since_at < before.ended_at
where held.direct = 'yes'
