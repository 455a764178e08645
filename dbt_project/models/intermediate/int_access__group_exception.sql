{# What is wrong with groups that people hold. Whether a rule can be judged is not asked here. #}
with administrators as (
  select held.client_id, held.odoo_user_id, 'administrator_not_named' as rule, held.odoo_group_id, held.group_name, held.since_at
  from {{ ref('int_access__held_group') }} as held
  join {{ ref('int_access__person') }} as person
    on person.client_id = held.client_id and person.odoo_user_id = held.odoo_user_id
  join {{ ref('int_access__group') }} as known
    on known.client_id = held.client_id and known.odoo_group_id = held.odoo_group_id
  where known.external_ids && array({{ policy_words('access.administrator_not_named.groups') }})
    and not coalesce({{ policy_json('access.administrator_not_named.named') }} -> held.client_id ? person.login, false)
),

-- Business is what people work with, powers what those should not have.
mixed as (
  select holder.client_id, holder.odoo_user_id, given.capability, given.odoo_group_ids,
    {{ policy_json('access.powers_with_business.powers') }} ? given.capability as is_power
  from {{ ref('int_access__user_set') }} as holder
  join {{ ref('int_access__set_capability') }} as given
    on given.client_id = holder.client_id and given.group_set_id = holder.group_set_id
  where {{ policy_json('access.powers_with_business.powers') }} ? given.capability
    or {{ policy_json('access.powers_with_business.business') }} ? given.capability
),

mixing as (
  select held.client_id, held.odoo_user_id, 'powers_with_business' as rule, held.odoo_group_id, held.group_name, held.since_at
  from mixed
  join {{ ref('int_access__held_group') }} as held
    on held.client_id = mixed.client_id and held.odoo_user_id = mixed.odoo_user_id
    and held.odoo_group_id = any (mixed.odoo_group_ids)
  where (mixed.client_id, mixed.odoo_user_id) in (
    select client_id, odoo_user_id from mixed group by client_id, odoo_user_id having bool_or(is_power) and not bool_and(is_power)
  )
),

-- A portal user with an internal group, or with a group through which something of capabilities.yml can be done.
portal as (
  select held.client_id, held.odoo_user_id, 'portal_with_internal_rights' as rule, held.odoo_group_id, held.group_name, held.since_at
  from {{ ref('int_access__held_group') }} as held
  join {{ ref('int_access__person') }} as person
    on person.client_id = held.client_id and person.odoo_user_id = held.odoo_user_id and person.user_kind = 'share'
  join {{ ref('int_access__user_set') }} as holder
    on holder.client_id = held.client_id and holder.odoo_user_id = held.odoo_user_id
  left join {{ ref('int_access__group') }} as known
    on known.client_id = held.client_id and known.odoo_group_id = held.odoo_group_id
  where 'base.group_user' = any (known.external_ids)
    or exists (
      select from {{ ref('int_access__set_capability') }} as given
      where given.client_id = holder.client_id and given.group_set_id = holder.group_set_id
        and held.odoo_group_id = any (given.odoo_group_ids)
    )
),

-- Up to 18.0: implied by a group that is held, and not there.
missing as (
  select holder.client_id, holder.odoo_user_id, 'implied_not_stored' as rule, implied.odoo_group_id,
    coalesce(known.group_name, '(group ' || implied.odoo_group_id || ')') as group_name, null::timestamptz as since_at
  from {{ ref('int_access__user_set') }} as holder
  join {{ ref('int_access__person') }} as person
    on person.client_id = holder.client_id and person.odoo_user_id = holder.odoo_user_id
    and person.is_active and person.user_kind <> 'superuser'
  join {{ ref('int_access__set_group') }} as implied
    on implied.client_id = holder.client_id and implied.group_set_id = holder.group_set_id
    and implied.is_implied and not implied.is_held
  left join {{ ref('int_access__group') }} as known
    on known.client_id = implied.client_id and known.odoo_group_id = implied.odoo_group_id
),

-- The closure is the whole of it where groups are many: one row per user and rule tells them all.
every_group as (
  select * from administrators
  union all select * from (select distinct * from mixing) as once
  union all select * from portal
  union all select * from missing
  union all select * from {{ ref('int_access__left_over') }}
  union all select * from {{ ref('int_access__role_creep') }}
)

select
  client_id,
  odoo_user_id,
  rule,
  min(since_at) as since_at,
  string_agg(group_name, ', ' order by group_name collate "C", odoo_group_id) as detail,
  array['res.users,' || odoo_user_id] || array_agg('res.groups,' || odoo_group_id order by odoo_group_id) as evidence_ids
from every_group
group by client_id, odoo_user_id, rule

union all
select
  finding.client_id,
  person.odoo_user_id,
  case finding.entity when 'res.users' then 'joiner_without_approval' else 'group_without_approval' end,
  min(finding.seen_at),
  case finding.entity when 'res.users' then 'made without an approved change' else string_agg(finding.what, '; ' order by finding.what) end,
  array['res.users,' || person.odoo_user_id] || array_agg('drift.config_change,' || finding.finding_id order by finding.finding_id)
from {{ ref('drift_config_change') }} as finding
join {{ ref('int_access__person') }} as person
  on person.client_id = finding.client_id and person.is_active and person.user_kind <> 'superuser'
  and person.odoo_user_id = split_part(finding.entity_key, ',', 1)::bigint
where finding.entity in ('res.users', 'res.groups.users.rel')
  and finding.kind = 'created'
  and not finding.is_explained
group by finding.client_id, person.odoo_user_id, finding.entity
