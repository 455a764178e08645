with promised as (
  select distinct on (ticket.client_id, ticket.source_client_id, ticket.ticket_id)
    ticket.client_id, ticket.source_client_id, ticket.ticket_id, target.clock, target.response_hours, target.resolution_hours
  from {{ tickets_of('int_tickets__measured') }} as ticket
  join {{ ref('int_tickets__source') }} as source on source.client_id = ticket.client_id
  join {{ ref('int_tickets__policy') }} as policy on policy.client_id = ticket.client_id
  join {{ source('ops', 'ticket_target') }} as target
    on target.build_id = {{ build_id() }}
    and target.client_id = case when policy.has_own_targets then ticket.client_id else '' end
    and (target.priority is null or target.priority = coalesce(ticket.priority_at_opening, ticket.priority))
    and (target.from_on is null or target.from_on <= (ticket.opened_at at time zone source.timezone)::date)
    and (target.until_on is null or target.until_on >= (ticket.opened_at at time zone source.timezone)::date)
  order by ticket.client_id, ticket.source_client_id, ticket.ticket_id, target.position
),

events as (
  select
    ticket.client_id, ticket.source_client_id, ticket.ticket_id, ticket.category, ticket.opened_at,
    ticket.closed_at, ticket.deleted_at, ticket.outcome, ticket.is_closed_before_opened,
    promised.clock, kind.kind, kind.target_hours, kind.reached_at,
    coalesce(ticket.priority_at_opening, ticket.priority) as priority,
    ticket.priority_at_opening is not null as is_priority_as_opened,
    coalesce(kind.reached_at, ticket.closed_at, ticket.deleted_at, source.as_of_at) as stopped_at,
    case when kind.kind = 'resolution' then filed.sla_deadline_at end as odoo_deadline_at,
    case
      when kind.kind = 'response' or filed.sla_deadline_at is null then null
      when filed.is_sla_reached is null and filed.is_sla_expired then 'missed'
      when filed.is_sla_reached is null then case when ticket.closed_at is null then 'running' else 'met' end
      when filed.is_sla_reached then case when filed.is_sla_ever_late then 'missed' else 'met' end
      when filed.is_sla_ever_late and filed.sla_deadline_at < source.as_of_at then 'missed'
      else 'running'
    end as odoo_state
  from {{ tickets_of('int_tickets__measured') }} as ticket
  join {{ ref('int_tickets__source') }} as source on source.client_id = ticket.client_id
  join {{ ref('int_tickets__ticket') }} as filed
    on filed.client_id = ticket.client_id and filed.source_client_id = ticket.source_client_id and filed.ticket_id = ticket.ticket_id
  left join promised
    on promised.client_id = ticket.client_id and promised.source_client_id = ticket.source_client_id and promised.ticket_id = ticket.ticket_id
  cross join lateral (values
    ('response', promised.response_hours, case when ticket.first_response_at >= ticket.opened_at then ticket.first_response_at end),
    ('resolution', promised.resolution_hours, ticket.first_resolved_at)
  ) as kind (kind, target_hours, reached_at)
  where kind.target_hours is not null or (kind.kind = 'resolution' and filed.sla_deadline_at is not null)
),

-- The clock that was promised: business hours, or all hours; in seconds since whenever.
clocked as (
  select
    events.*,
    {{ promised_clock('events', 'opened', 'events.opened_at') }} as opened_seconds,
    {{ promised_clock('events', 'stopped', 'events.stopped_at') }} as stopped_seconds
  from events
  {{ join_working_piece('opened', 'events.client_id', 'events.opened_at') }}
  {{ join_working_piece('stopped', 'events.client_id', 'events.stopped_at') }}
),

pauses as (
  select
    clocked.client_id, clocked.source_client_id, clocked.ticket_id, clocked.kind, clocked.opened_seconds, clocked.target_hours, span.place,
    {{ promised_clock('clocked', 'entered', 'span.entered_at') }} as entered_seconds,
    {{ promised_clock('clocked', 'ended', 'least(span.left_at, clocked.stopped_at)') }} as ended_seconds
  from clocked
  join {{ ref('int_tickets__stage_span') }} as span
    on span.client_id = clocked.client_id
    and span.source_client_id = clocked.source_client_id
    and span.ticket_id = clocked.ticket_id
    and span.is_waiting
    and span.entered_at < clocked.stopped_at
  {{ join_working_piece('entered', 'clocked.client_id', 'span.entered_at') }}
  {{ join_working_piece('ended', 'clocked.client_id', 'least(span.left_at, clocked.stopped_at)') }}
),

paused as (
  select
    client_id, source_client_id, ticket_id, kind,
    sum(ended_seconds - entered_seconds) as paused_seconds,
    -- What began to wait after the target was used up moves no deadline.
    sum(ended_seconds - entered_seconds) filter (where used_seconds < target_hours * 3600) as deferring_seconds
  from (
    select *, entered_seconds - opened_seconds - coalesce(sum(ended_seconds - entered_seconds) over (
      partition by client_id, source_client_id, ticket_id, kind order by place rows between unbounded preceding and 1 preceding
    ), 0) as used_seconds
    from pauses
  ) as ordered
  group by client_id, source_client_id, ticket_id, kind
),

elapsed as (
  select
    clocked.*,
    coalesce(paused.paused_seconds, 0) / 3600 as paused_hours,
    (clocked.stopped_seconds - clocked.opened_seconds - coalesce(paused.paused_seconds, 0)) / 3600 as elapsed_hours,
    clocked.opened_seconds + clocked.target_hours * 3600 + coalesce(paused.deferring_seconds, 0) as due_seconds
  from clocked
  left join paused
    on paused.client_id = clocked.client_id
    and paused.source_client_id = clocked.source_client_id
    and paused.ticket_id = clocked.ticket_id
    and paused.kind = clocked.kind
),

-- Pieces by the eight hours of the clock that they touch, so that a deadline finds its piece by equality.
working as (
  select piece.client_id, bucket, piece.starts_at, piece.worked_before_seconds,
    piece.worked_before_seconds + extract(epoch from piece.ends_at - piece.starts_at) as worked_after_seconds
  from {{ ref('int_tickets__working_piece') }} as piece
  cross join lateral generate_series(
    floor(piece.worked_before_seconds / 28800)::bigint,
    floor((piece.worked_before_seconds + extract(epoch from piece.ends_at - piece.starts_at)) / 28800)::bigint
  ) as series (bucket)
  where piece.is_working
),

judged as (
  select
    elapsed.*,
    case
      when elapsed.clock = 'calendar' then to_timestamp(elapsed.due_seconds)
      else working.starts_at + make_interval(secs => (elapsed.due_seconds - working.worked_before_seconds)::double precision)
    end as due_at,
    case
      when elapsed.target_hours is null then 'no target in config/policies/tickets.yml'
      when elapsed.is_closed_before_opened then 'closed before it was opened'
      when elapsed.elapsed_hours is null then calendar.reason
      when elapsed.reached_at is null and elapsed.outcome in ('cancelled', 'merged') then elapsed.outcome
      when elapsed.kind = 'resolution' and elapsed.outcome in ('cancelled', 'merged') then elapsed.outcome
      when elapsed.reached_at is null and elapsed.elapsed_hours <= elapsed.target_hours
        and elapsed.closed_at is not null then 'closed without a ' || elapsed.kind
      when elapsed.reached_at is null and elapsed.elapsed_hours <= elapsed.target_hours
        and elapsed.deleted_at is not null then 'deleted'
      else ''
    end as reason
  from elapsed
  left join {{ ref('int_tickets__calendar') }} as calendar on calendar.client_id = elapsed.client_id
  left join working
    on elapsed.clock = 'business'
    and working.client_id = elapsed.client_id
    and working.bucket = floor(elapsed.due_seconds / 28800)::bigint
    and elapsed.due_seconds > working.worked_before_seconds
    and elapsed.due_seconds <= working.worked_after_seconds
),

stated as (
  select
    judged.*,
    case
      when judged.reason <> '' then 'n/a'
      when judged.elapsed_hours > judged.target_hours then 'missed'
      when judged.reached_at is not null then 'met'
      when judged.elapsed_hours >= policy.at_risk_share * judged.target_hours then 'at risk'
      else 'running'
    end as state
  from judged
  join {{ ref('int_tickets__policy') }} as policy on policy.client_id = judged.client_id
)

select
  client_id,
  source_client_id,
  ticket_id,
  kind,
  category,
  priority,
  is_priority_as_opened,
  clock,
  target_hours,
  opened_at,
  reached_at,
  due_at,
  elapsed_hours::double precision as elapsed_hours,
  paused_hours::double precision as paused_hours,
  (100 * elapsed_hours / target_hours)::double precision as used_pct,
  state,
  reason,
  odoo_deadline_at,
  odoo_state,
  {{ calendar_hours('odoo_deadline_at', 'due_at') }} as odoo_difference_hours,
  case
    when odoo_state is null or state = 'n/a' then null
    else odoo_state = case state when 'at risk' then 'running' else state end
  end as is_odoo_agreeing,
  -- What the next moment may say otherwise: clocks that run, Odoo's own among them, and deadlines beyond what is laid out.
  (reached_at is null and closed_at is null and deleted_at is null)
    or coalesce(odoo_state = 'running', false)
    or (due_at is null and target_hours is not null and elapsed_hours is not null) as is_running
from stated
