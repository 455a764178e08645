-- The deletion lies before the night that first missed the ticket.
with deletions as (
  select client_id, odoo_ticket_id as ticket_id, 'helpdesk.ticket' as ticket_model,
    min(dbt_valid_from) - interval '1 microsecond' as deleted_at
  from {{ ref('snap_odoo__helpdesk_ticket') }}
  where is_deleted
  group by client_id, odoo_ticket_id
  union all
  select client_id, odoo_task_id, 'project.task', min(dbt_valid_from) - interval '1 microsecond'
  from {{ ref('snap_odoo__project_task') }}
  where is_deleted
  group by client_id, odoo_task_id
)

select
  coalesce(ownership.owner_client_id, filed.client_id) as client_id,
  filed.client_id as source_client_id,
  filed.ticket_id,
  filed.ticket_model,
  -- Of a home that is shared, the tickets that no rule knows stay with the home.
  ownership.client_id is null or ownership.owner_client_id is not null as is_mapped,
  coalesce(filed.created_at, filed.stage_changed_at, filed.read_at) as opened_at,
  filed.ticket_number,
  filed.category,
  filed.priority,
  filed.odoo_partner_id,
  filed.odoo_team_id,
  filed.odoo_project_id,
  filed.merged_into_odoo_ticket_id,
  filed.odoo_stage_id,
  filed.state,
  filed.assigned_at,
  filed.ended_at,
  filed.stage_changed_at,
  filed.sla_deadline_at,
  filed.is_sla_expired,
  deletions.deleted_at
from {{ ref('int_tickets__filed') }} as filed
left join {{ ref('int_tickets__ownership') }} as ownership
  on ownership.client_id = filed.client_id and ownership.ticket_id = filed.ticket_id
left join deletions
  on deletions.client_id = filed.client_id
  and deletions.ticket_model = filed.ticket_model
  and deletions.ticket_id = filed.ticket_id
where ownership.mirrored_ticket_id is null
