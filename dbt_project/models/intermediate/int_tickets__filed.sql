with first_tags as (
  select link.client_id, link.odoo_task_id, min(btrim(tag.tag_name)) as tag_name
  from {{ ref('stg_odoo__project_tags_project_task_rel') }} as link
  join {{ ref('stg_odoo__project_tags') }} as tag
    on tag.client_id = link.client_id and tag.odoo_tag_id = link.odoo_tag_id
  where not link.is_deleted
  group by link.client_id, link.odoo_task_id
)

select
  ticket.client_id,
  'helpdesk.ticket' as ticket_model,
  ticket.odoo_ticket_id as ticket_id,
  ticket.ticket_number,
  ticket.title,
  coalesce(nullif(btrim(category.category_name), ''), nullif(btrim(type.ticket_type_name), ''), 'uncategorised') as category,
  ticket.priority,
  ticket.odoo_partner_id,
  ticket.odoo_team_id,
  null::bigint as odoo_project_id,
  ticket.merged_into_odoo_ticket_id,
  ticket.created_at,
  ticket.odoo_stage_id,
  null::text as state,
  ticket.assigned_at,
  ticket.closed_at as ended_at,
  ticket.stage_changed_at,
  ticket.sla_deadline_at,
  ticket.is_sla_expired,
  ticket.is_deleted,
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
  null,
  task.title,
  coalesce(
    nullif(case policy.task_category when 'tag' then tag.tag_name when 'parent' then btrim(parent.title) end, ''),
    'uncategorised'
  ),
  task.priority,
  task.odoo_partner_id,
  null,
  task.odoo_project_id,
  null,
  task.created_at,
  task.odoo_stage_id,
  task.state,
  task.assigned_at,
  task.ended_at,
  task.stage_changed_at,
  null,
  null,
  task.is_deleted,
  task.read_at
from {{ ref('stg_odoo__project_task') }} as task
join {{ ref('int_review__period') }} as period
  on period.client_id = task.client_id and period.ticket_source = 'project'
join {{ source('ops', 'client') }} as client
  on client.client_id = task.client_id and task.odoo_project_id = any(client.ticket_project_ids)
left join {{ ref('int_tickets__policy') }} as policy on policy.client_id = task.client_id
left join first_tags as tag on tag.client_id = task.client_id and tag.odoo_task_id = task.odoo_task_id
left join {{ ref('stg_odoo__project_task') }} as parent
  on parent.client_id = task.client_id and parent.odoo_task_id = task.parent_odoo_task_id
