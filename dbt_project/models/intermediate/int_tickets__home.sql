select
  client_id,
  client_id as source_client_id,
  case ticket_source when 'helpdesk' then 'helpdesk.ticket' else 'project.task' end as ticket_model
from {{ ref('int_review__period') }}
where ticket_source <> 'shared'
union
select
  owner.client_id,
  owner.home_client_id,
  case home.ticket_source when 'helpdesk' then 'helpdesk.ticket' else 'project.task' end
from {{ source('ops', 'ticket_owner') }} as owner
join {{ ref('int_review__period') }} as home on home.client_id = owner.home_client_id
join {{ ref('int_review__period') }} as client on client.client_id = owner.client_id
where owner.build_id = {{ build_id() }}
