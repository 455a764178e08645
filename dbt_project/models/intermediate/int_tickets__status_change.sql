-- Two ways to know whether a ticket is closed: its stage (helpdesk tickets, tasks up to 16.0), whose changes Odoo tracks;
-- or a task's own state (from 17.0), of which the nightly history tells what it became and the tracking tells when.
with by_state as (
  select
    ticket.client_id,
    ticket.source_client_id,
    version.odoo_task_id as ticket_id,
    ticket.opened_at,
    case
      when version.state is not null then version.state like '1\_%'
      else coalesce(version.is_closed, stage.is_closing, false)
    end as is_closed,
    case when version.state = '1_canceled' then 'cancelled' when version.state is null then stage.outcome else 'done' end as outcome,
    version.ended_at,
    version.stage_changed_at,
    version.dbt_valid_from,
    version.read_at,
    lag(version.read_at) over (
      partition by version.client_id, version.odoo_task_id order by version.dbt_valid_from
    ) as read_before_at
  from {{ ref('snap_odoo__project_task') }} as version
  join {{ tickets_of('int_tickets__ticket') }} as ticket
    on ticket.source_client_id = version.client_id
    and ticket.ticket_id = version.odoo_task_id
    and ticket.ticket_model = 'project.task'
    and ticket.state is not null
  left join {{ ref('int_tickets__stage') }} as stage
    on stage.client_id = version.client_id
    and stage.ticket_model = 'project.task'
    and stage.odoo_stage_id = version.odoo_stage_id
    and version.dbt_valid_from >= stage.holds_from
    and version.dbt_valid_from < stage.holds_until
  where not version.is_deleted and (version.dbt_valid_to is null or version.dbt_valid_to > version.dbt_valid_from)
),

turned as (
  select *, row_number() over (partition by client_id, source_client_id, ticket_id order by dbt_valid_from) as place
  from (
    select *, lag(is_closed, 1, false) over ticket as was_closed, lag(outcome) over ticket as outcome_before
    from by_state
    window ticket as (partition by client_id, source_client_id, ticket_id order by dbt_valid_from)
  ) as versions
  -- Done and later cancelled is one closing with another outcome.
  where is_closed <> was_closed or (is_closed and outcome is distinct from outcome_before)
),

dated_state as (
  select
    turned.client_id,
    turned.source_client_id,
    turned.ticket_id,
    greatest(
      coalesce(
        max(tracked.changed_at),
        case when turned.is_closed and turned.ended_at > coalesce(turned.read_before_at, '-infinity') then turned.ended_at end,
        case when turned.stage_changed_at > coalesce(turned.read_before_at, '-infinity') then turned.stage_changed_at end,
        turned.dbt_valid_from - interval '1 microsecond'
      ),
      turned.opened_at
    ) as changed_at,
    turned.is_closed,
    turned.outcome,
    case when count(tracked.changed_at) > 0 then 'tracked' else 'stamped' end as basis,
    turned.place,
    turned.is_closed and coalesce(min(tracked.sent_at), turned.ended_at) < date_trunc('second', turned.opened_at) as is_before_opening
  from turned
  left join {{ tickets_of('int_tickets__tracked_change') }} as tracked
    on tracked.client_id = turned.client_id
    and tracked.source_client_id = turned.source_client_id
    and tracked.ticket_id = turned.ticket_id
    and tracked.field_name = 'state'
    and tracked.changed_at <= turned.read_at
    and tracked.changed_at > coalesce(turned.read_before_at, '-infinity')
  group by turned.client_id, turned.source_client_id, turned.ticket_id, turned.is_closed, turned.outcome, turned.place, turned.opened_at,
    turned.ended_at, turned.stage_changed_at, turned.read_before_at, turned.dbt_valid_from
),

by_stage as (
  select span.*, ticket.merged_into_odoo_ticket_id, ticket.deleted_at is not null as is_deleted
  from {{ tickets_of('int_tickets__stage_span') }} as span
  join {{ ref('int_tickets__ticket') }} as ticket
    on ticket.client_id = span.client_id
    and ticket.source_client_id = span.source_client_id
    and ticket.ticket_id = span.ticket_id
    and ticket.state is null
  where span.is_closing or ticket.deleted_at is not null
)

select client_id, source_client_id, ticket_id, entered_at as changed_at, is_closing as is_closed,
  case when is_closing and merged_into_odoo_ticket_id is not null then 'merged' else outcome end as outcome,
  basis, place, is_before_opening
from by_stage
union all
-- From one open stage to the next nothing changes; out of a closing one it does.
select open.client_id, open.source_client_id, open.ticket_id, open.entered_at, false, null, open.basis, open.place, open.is_before_opening
from by_stage as closed
join {{ ref('int_tickets__stage_span') }} as open
  on open.client_id = closed.client_id
  and open.source_client_id = closed.source_client_id
  and open.ticket_id = closed.ticket_id
  and open.place = closed.place + 1
  and not open.is_closing
where closed.left_at is not null and not closed.is_deleted
union all
select client_id, source_client_id, ticket_id, changed_at, is_closed, case when is_closed then outcome end, basis, place,
  coalesce(is_before_opening, false)
from dated_state
