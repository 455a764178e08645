with events as (
  select
    client_id, source_client_id, ticket_id, category, place, backlog_change,
    first_value(happened_at) over ticket as opened_at,
    happened_at as open_from,
    lead(happened_at) over ticket as open_until,
    lead(happened_on) over ticket as left_on
  from {{ tickets_of('int_tickets__event') }} as event
  window ticket as (partition by client_id, source_client_id, ticket_id order by place)
)

select
  events.client_id,
  events.source_client_id,
  events.ticket_id,
  events.category,
  events.place,
  events.opened_at,
  events.open_from,
  events.open_until,
  events.left_on,
  -- On these days of the client it comes of age, if it is open that long; ahead of the moment of evaluation, too.
  {% for days in [7, 30, 90] %}
  case when greatest(events.open_from, events.opened_at + make_interval(days => {{ days }})) < coalesce(events.open_until, 'infinity')
    then (greatest(events.open_from, events.opened_at + make_interval(days => {{ days }})) at time zone source.timezone)::date
  end as over_{{ days }}_days_on{{ ',' if not loop.last }}
  {% endfor %}
from events
join {{ ref('int_tickets__source') }} as source on source.client_id = events.client_id
where events.backlog_change = 1
