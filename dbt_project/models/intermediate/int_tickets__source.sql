with homes as (
  select
    home.client_id,
    home.source_client_id,
    home.ticket_model,
    state.is_present is true as is_available,
    case
      when state.client_id is null then 'nothing was read of ' || place.words || ' yet'
      when state.verdict = 'hidden' then 'the account that reads may not see ' || place.words
      when not state.is_present then place.owner || ' Odoo has no ' || home.ticket_model || ', which the registry names as its ticket source'
      else ''
    end as reason
  from {{ ref('int_tickets__home') }} as home
  left join {{ ref('int_review__model_state') }} as state
    on state.client_id = home.source_client_id and state.model = home.ticket_model
  cross join lateral (
    select
      place_owner as owner,
      place_owner || ' ' || home.ticket_model as words
    from (
      select case
        when home.source_client_id = home.client_id then 'this client''s'
        else 'the shared home ' || home.source_client_id || '''s'
      end as place_owner
    ) as named
  ) as place
),

-- Tickets in two homes can be counted when both were read: half of them would look like a fall.
available as (
  select
    client_id,
    bool_and(is_available) as is_available,
    string_agg(reason, '; ' order by source_client_id) filter (where reason <> '') as reason,
    min(ticket_model) filter (where source_client_id = client_id) as own_model,
    min(ticket_model) as any_model
  from homes
  group by client_id
)

select
  period.client_id,
  period.quarter,
  period.timezone,
  period.quarter_starts_at,
  period.as_of_at,
  period.as_of_on,
  coalesce(available.own_model, available.any_model, 'helpdesk.ticket') as ticket_model,
  coalesce(available.is_available, false) as is_available,
  case when available.client_id is null
    then 'its tickets lie in a shared home, and no rule of config/policies/tickets.yml names one'
    else coalesce(available.reason, '')
  end as reason
from {{ ref('int_review__period') }} as period
left join available on available.client_id = period.client_id
