with capable as (
  select holder.client_id, holder.odoo_user_id, side.rule, side.side_number, side.side_count, side.capability, given.group_names
  from {{ ref('access_capability') }} as given
  join {{ ref('int_access__sod_side') }} as side on side.capability = given.capability
  join {{ ref('int_access__person') }} as holder
    on holder.client_id = given.client_id and holder.odoo_user_id = given.odoo_user_id
    and holder.is_active and holder.user_kind <> 'superuser'
),

sides as (
  select client_id, odoo_user_id, rule, side_number, side_count, jsonb_object_agg(capability, to_jsonb(group_names)) as through
  from capable
  group by client_id, odoo_user_id, rule, side_number, side_count
),

possible as (
  select client_id, odoo_user_id, rule, jsonb_agg(through order by side_number) as paths
  from sides
  group by client_id, odoo_user_id, rule
  having count(*) = min(side_count)
),

either as (
  select client_id, odoo_user_id, rule, possible.rule is not null as is_possible, possible.paths,
    used.rule is not null as is_exercised, used.document_ids, used.amounts
  from possible
  full join {{ ref('int_access__sod_exercised') }} as used using (client_id, odoo_user_id, rule)
)

select
  either.client_id,
  rules.quarter,
  either.odoo_user_id,
  either.rule,
  rules.title,
  rules.severity,
  either.is_possible,
  coalesce(either.paths, '[]') as paths,
  case
    when either.is_exercised then 'yes'
    when exists (
      select from {{ ref('int_access__sod_side') }} as side
      where side.rule = either.rule group by side.side_number having bool_and(cardinality(side.acts) = 0)) then 'n/a'
    else 'no'
  end as exercised,
  coalesce(either.document_ids, array[]::text[]) as document_ids,
  coalesce(either.amounts, '{}') as amounts,
  rules.as_of_at
from either
join {{ ref('access_rule') }} as rules
  on rules.client_id = either.client_id and rules.policy = 'sod.yml' and rules.rule = either.rule and rules.is_judged
