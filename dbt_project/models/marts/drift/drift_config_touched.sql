select
  change.client_id,
  change.entity,
  change.record_id || case when change.related_id > 0 then ',' || change.related_id else '' end as entity_key,
  change.seen_at,
  coalesce(change.label, change.entity || ' ' || change.record_id) as what,
  change.written_by_user_id as touched_by_user_id,
  writer.login as touched_by,
  change.written_at as touched_at,
  period.quarter,
  period.as_of_at
from {{ ref('int_drift__change') }} as change
join {{ ref('int_review__period') }} as period on period.client_id = change.client_id
left join {{ ref('stg_odoo__res_users') }} as writer
  on writer.client_id = change.client_id and writer.odoo_user_id = change.written_by_user_id
where change.comparison = 'night' and change.action = 'touched'
