with versions as (
  select client_id, 'helpdesk.ticket' as ticket_model, odoo_ticket_id as ticket_id, priority, odoo_team_id, odoo_category_id,
    odoo_user_id, null::bigint as odoo_project_id, dbt_valid_from, dbt_valid_to
  from {{ ref('snap_odoo__helpdesk_ticket') }}
  where not is_deleted and (dbt_valid_to is null or dbt_valid_to > dbt_valid_from)
  union all
  select client_id, 'project.task', odoo_task_id, priority, null, null, null, odoo_project_id, dbt_valid_from, dbt_valid_to
  from {{ ref('snap_odoo__project_task') }}
  where not is_deleted and (dbt_valid_to is null or dbt_valid_to > dbt_valid_from)
),

placed as (
  select ticket.client_id, ticket.source_client_id, ticket.opened_at, source.quarter, source.as_of_at, versions.ticket_model, versions.ticket_id,
    versions.priority, versions.odoo_team_id, versions.odoo_category_id, versions.odoo_user_id, versions.odoo_project_id,
    versions.dbt_valid_from, versions.dbt_valid_to,
    row_number() over (partition by ticket.client_id, ticket.source_client_id, ticket.ticket_id order by versions.dbt_valid_from) as place
  from versions
  join {{ ref('int_tickets__ticket') }} as ticket
    on ticket.source_client_id = versions.client_id
    and ticket.ticket_model = versions.ticket_model
    and ticket.ticket_id = versions.ticket_id
  join {{ ref('int_tickets__source') }} as source
    on source.client_id = ticket.client_id and source.is_available and versions.dbt_valid_from <= source.as_of_at
)

select client_id, quarter, source_client_id, ticket_model, ticket_id, place, dbt_valid_from as holds_from,
  case when dbt_valid_to <= as_of_at then dbt_valid_to end as holds_until,
  true as is_known, priority, odoo_team_id, odoo_category_id, odoo_user_id, odoo_project_id, as_of_at
from placed
union all
select client_id, quarter, source_client_id, ticket_model, ticket_id, 0, opened_at, dbt_valid_from,
  false, null, null, null, null, null, as_of_at
from placed
where place = 1 and opened_at < dbt_valid_from
