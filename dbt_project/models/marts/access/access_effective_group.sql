{{ config(materialized='view') }}

select
  holder.client_id,
  period.quarter,
  holder.odoo_user_id,
  held.odoo_group_id,
  coalesce(known.group_name, '(group ' || held.odoo_group_id || ')') as group_name,
  held.is_stored,
  held.is_implied,
  case
    when not held.is_implied then 'yes'
    when version.major >= 19 then case when held.is_stored then 'yes' else 'no' end
    else 'unknown'
  end as direct,
  held.path,
  period.as_of_at
from {{ ref('int_access__user_set') }} as holder
join {{ ref('int_review__period') }} as period on period.client_id = holder.client_id
join {{ ref('int_access__set_group') }} as held
  on held.client_id = holder.client_id and held.group_set_id = holder.group_set_id and held.odoo_group_id > 0 and held.is_held
left join {{ ref('int_review__odoo_version') }} as version on version.client_id = holder.client_id
left join {{ ref('int_access__group') }} as known
  on known.client_id = held.client_id and known.odoo_group_id = held.odoo_group_id
