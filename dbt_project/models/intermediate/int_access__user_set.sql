{{ config(indexes=[{'columns': ['client_id', 'odoo_user_id']}, {'columns': ['client_id', 'group_set_id']}]) }}

with stored as (
  select member.client_id, member.odoo_user_id, array_agg(member.odoo_group_id order by member.odoo_group_id) as group_ids
  from {{ ref('snap_odoo__res_groups_users_rel') }} as member
  join {{ ref('int_review__period') }} as period on period.client_id = member.client_id
  where not member.is_deleted and {{ held_at('member', 'period.as_of_at') }}
  group by member.client_id, member.odoo_user_id
),

-- All that decides what follows from a set. The number belongs to the rule itself: another rule needs another number.
rule as (
  select period.client_id,
    md5(concat_ws('|', 1, coalesce(version.major >= 19, false), (
      select string_agg(implication.odoo_group_id || '>' || implication.implied_odoo_group_id, ','
        order by implication.odoo_group_id, implication.implied_odoo_group_id)
      from {{ ref('int_access__implication') }} as implication
      where implication.client_id = period.client_id
    ))) as digest
  from {{ ref('int_review__period') }} as period
  left join {{ ref('int_review__odoo_version') }} as version on version.client_id = period.client_id
)

select
  person.client_id,
  person.odoo_user_id,
  coalesce(stored.group_ids, array[]::bigint[]) as stored_group_ids,
  md5(rule.digest || coalesce(stored.group_ids, array[]::bigint[])::text) as group_set_id
from {{ ref('snap_odoo__res_users') }} as person
join {{ ref('int_review__period') }} as period on period.client_id = person.client_id
join rule on rule.client_id = person.client_id
left join stored on stored.client_id = person.client_id and stored.odoo_user_id = person.odoo_user_id
where not person.is_deleted and {{ held_at('person', 'period.as_of_at') }}
