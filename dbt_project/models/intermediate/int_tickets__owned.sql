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
),

requesters as materialized (
  select client_id, odoo_partner_id,
    coalesce(email_hash, 'sha256:' || encode(sha256(convert_to(client_id || ' partner ' || odoo_partner_id, 'UTF8')), 'hex')) as requester
  from {{ ref('stg_odoo__res_partner') }}
),

odoo_sla as (
  select client_id, odoo_ticket_id as ticket_id, min(deadline_at) as deadline_at,
    bool_or(coalesce(reached_at, 'infinity') > deadline_at) as is_ever_late, bool_and(reached_at is not null) as is_reached
  from {{ ref('stg_odoo__helpdesk_sla_status') }}
  where not is_deleted and deadline_at is not null
  group by client_id, odoo_ticket_id
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
  case when policy.is_requester_hashed then requester.requester else 'partner ' || filed.odoo_partner_id end as requester,
  filed.odoo_team_id,
  filed.odoo_project_id,
  filed.merged_into_odoo_ticket_id,
  filed.odoo_stage_id,
  filed.state,
  filed.assigned_at,
  filed.ended_at,
  filed.stage_changed_at,
  coalesce(sla.deadline_at, filed.sla_deadline_at) as sla_deadline_at,
  case when sla.client_id is null then filed.is_sla_expired end as is_sla_expired,
  sla.is_reached as is_sla_reached,
  sla.is_ever_late as is_sla_ever_late,
  filed.is_deleted,
  deletions.deleted_at
from {{ ref('int_tickets__filed') }} as filed
left join {{ ref('int_tickets__ownership') }} as ownership
  on ownership.client_id = filed.client_id and ownership.ticket_id = filed.ticket_id
left join {{ ref('int_tickets__policy') }} as policy on policy.client_id = coalesce(ownership.owner_client_id, filed.client_id)
left join deletions
  on deletions.client_id = filed.client_id
  and deletions.ticket_model = filed.ticket_model
  and deletions.ticket_id = filed.ticket_id
left join requesters as requester
  on requester.client_id = filed.client_id and requester.odoo_partner_id = filed.odoo_partner_id
left join odoo_sla as sla
  on sla.client_id = filed.client_id and sla.ticket_id = filed.ticket_id and filed.ticket_model = 'helpdesk.ticket'
where ownership.mirrored_ticket_id is null
