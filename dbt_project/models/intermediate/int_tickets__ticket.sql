with homes as (
  select
    ticket.client_id,
    'helpdesk.ticket' as ticket_model,
    ticket.odoo_ticket_id as ticket_id,
    ticket.created_at,
    coalesce(nullif(btrim(category.category_name), ''), nullif(btrim(type.ticket_type_name), ''), 'uncategorised') as category,
    ticket.odoo_stage_id,
    null::text as state,
    ticket.closed_at as ended_at,
    ticket.stage_changed_at,
    ticket.read_at
  from {{ ref('stg_odoo__helpdesk_ticket') }} as ticket
  join {{ ref('int_review__period') }} as period
    on period.client_id = ticket.client_id and period.ticket_source = 'helpdesk'
  left join {{ ref('stg_odoo__helpdesk_ticket_category') }} as category
    on category.client_id = ticket.client_id and category.odoo_category_id = ticket.odoo_category_id
  left join {{ ref('stg_odoo__helpdesk_ticket_type') }} as type
    on type.client_id = ticket.client_id and type.odoo_ticket_type_id = ticket.odoo_ticket_type_id
  union all
  select
    task.client_id,
    'project.task',
    task.odoo_task_id,
    task.created_at,
    'uncategorised',
    task.odoo_stage_id,
    task.state,
    task.ended_at,
    task.stage_changed_at,
    task.read_at
  from {{ ref('stg_odoo__project_task') }} as task
  join {{ ref('int_review__period') }} as period
    on period.client_id = task.client_id
    and period.ticket_source = 'project'
  join {{ source('ops', 'client') }} as client
    on client.client_id = task.client_id and task.odoo_project_id = any(client.ticket_project_ids)
),

-- The deletion lies before the night that first missed the ticket.
deletions as (
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
  homes.client_id,
  homes.ticket_id,
  homes.ticket_model,
  coalesce(homes.created_at, homes.stage_changed_at, homes.read_at) as opened_at,
  homes.category,
  homes.odoo_stage_id,
  homes.state,
  homes.ended_at,
  homes.stage_changed_at,
  deletions.deleted_at
from homes
left join deletions
  on deletions.client_id = homes.client_id
  and deletions.ticket_model = homes.ticket_model
  and deletions.ticket_id = homes.ticket_id
