select
  period.client_id,
  period.quarter,
  period.timezone,
  period.quarter_starts_at,
  period.as_of_at,
  period.as_of_on,
  home.model as ticket_model,
  state.is_present is true as is_available,
  case
    when state.client_id is null then 'nothing was read of this client''s ' || home.model || ' yet'
    when state.verdict = 'hidden' then 'the account that reads may not see this client''s ' || home.model
    when not state.is_present then 'this client''s Odoo has no ' || home.model || ', which the registry names as its ticket source'
    else ''
  end as reason
from {{ ref('int_review__period') }} as period
cross join lateral (
  select case period.ticket_source when 'helpdesk' then 'helpdesk.ticket' else 'project.task' end as model
) as home
left join {{ ref('int_review__model_state') }} as state
  on state.client_id = period.client_id and state.model = home.model
