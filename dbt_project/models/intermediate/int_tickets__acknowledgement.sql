select
  change.client_id,
  change.source_client_id,
  change.ticket_id,
  min(change.changed_at) as acknowledged_at
from {{ tickets_of('int_tickets__tracked_change') }} as change
join {{ ref('int_tickets__source') }} as source on source.client_id = change.client_id and change.changed_at < source.as_of_at
where change.is_by_staff
  -- Of a task's several assignees Odoo tracks names, which are not read: any change of them is an assignment.
  and (change.field_name in ('stage_id', 'state', 'user_ids') or (change.field_name = 'user_id' and change.new_value > 0))
group by change.client_id, change.source_client_id, change.ticket_id
