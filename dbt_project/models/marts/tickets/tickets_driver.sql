-- The last four quarters, the running one included. A repeat is the same requester's next ticket of the category.
with recent as (
  select
    ticket.client_id,
    source.quarter,
    ticket.category,
    ticket.requester,
    ticket.opened_at,
    source.as_of_at,
    lag(ticket.opened_at) over (
      partition by ticket.client_id, ticket.category, ticket.requester order by ticket.opened_at, ticket.source_client_id, ticket.ticket_id
    ) as before_at,
    policy.repeat_days,
    source.quarter_starts_at - interval '9 months' as counted_from_at
  from {{ ref('int_tickets__measured') }} as ticket
  join {{ ref('int_tickets__source') }} as source on source.client_id = ticket.client_id
  left join {{ ref('int_tickets__policy') }} as policy on policy.client_id = ticket.client_id
  -- A ticket before these is no longer one that the next could repeat.
  where ticket.opened_at >= source.quarter_starts_at - interval '9 months' - make_interval(days => coalesce(policy.repeat_days, 0))
),

counted as (
  select
    client_id,
    quarter,
    category,
    count(*) as opened_count,
    count(*) filter (where requester is not null) as known_requester_count,
    count(*) filter (where requester is not null and opened_at - before_at <= make_interval(days => repeat_days)) as repeat_count,
    as_of_at
  from recent
  where opened_at >= counted_from_at
  group by client_id, quarter, category, as_of_at
)

select
  client_id,
  quarter,
  category,
  row_number() over (partition by client_id order by opened_count desc, category) as rank,
  opened_count,
  (100.0 * opened_count / sum(opened_count) over (partition by client_id))::double precision as share_pct,
  repeat_count,
  known_requester_count,
  (100.0 * repeat_count / nullif(known_requester_count, 0))::double precision as repeat_pct,
  as_of_at
from counted
