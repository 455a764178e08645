{{ config(materialized='view') }}

{# A view over sets: the product of users, models and operations is never stored. A condition on client, user, model or
   operation reaches the indexes below it. #}
select
  allowed.*,
  allowed.odoo_user_id = 1 as is_superuser,
  array(
    select distinct rule.rule_id
    from {{ ref('int_access__restriction') }} as rule
    join {{ ref('int_access__set_group') }} as held
      on held.client_id = rule.client_id and held.odoo_group_id = rule.odoo_group_id and held.is_held
    where rule.client_id = allowed.client_id and rule.model = allowed.model and rule.operation = allowed.operation
      and held.group_set_id = allowed.group_set_id and allowed.odoo_user_id <> 1
    order by rule.rule_id
  ) as rule_ids
from (
  select
    holder.client_id,
    holder.odoo_user_id,
    permission.model,
    permission.operation,
    min(holder.group_set_id) as group_set_id,
    array_agg(distinct permission.access_row_id order by permission.access_row_id) as access_row_ids,
    bool_and(permission.has_domain) as is_limited_by_domain
  from {{ ref('int_access__permission') }} as permission
  join {{ ref('int_access__set_group') }} as held
    on held.client_id = permission.client_id and held.odoo_group_id = permission.odoo_group_id and held.is_held
  join {{ ref('int_access__user_set') }} as holder
    on holder.client_id = held.client_id and holder.group_set_id = held.group_set_id
  group by holder.client_id, holder.odoo_user_id, permission.model, permission.operation
) as allowed
