{{ config(indexes=[{'columns': ['client_id', 'group_set_id']}]) }}

with opened as (
  select held.client_id, held.group_set_id, need.capability, need.way_number,
    array_agg(distinct need.odoo_group_id) as group_ids
  from {{ ref('int_access__capability_need') }} as need
  join {{ ref('int_access__set_group') }} as held
    on held.client_id = need.client_id and held.odoo_group_id = need.odoo_group_id and held.is_held
  group by held.client_id, held.group_set_id, need.capability, need.way_number
  having count(distinct need.need_number) = min(need.need_count)
)

select client_id, group_set_id, capability,
  array_agg(distinct group_id order by group_id) as odoo_group_ids
from opened
cross join lateral unnest(group_ids) as through (group_id)
group by client_id, group_set_id, capability
