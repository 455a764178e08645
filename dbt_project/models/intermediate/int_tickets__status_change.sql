-- Two ways to know whether a ticket is closed: its stage (helpdesk tickets, tasks up to 16.0), whose changes Odoo tracks;
-- or a task's own state (from 17.0), of which the nightly history tells what it became and the tracking tells when.
with by_stage as (
  select
    change.client_id,
    change.ticket_id,
    change.changed_at,
    change.odoo_tracking_id,
    change.new_value as odoo_stage_id,
    coalesce(after.is_closing, false) as is_closed,
    coalesce(before.is_closing, false) as was_closed,
    row_number() over (ticket order by change.changed_at, change.odoo_tracking_id) as place,
    row_number() over (ticket order by change.changed_at desc, change.odoo_tracking_id desc) as place_from_last
  from {{ ref('int_tickets__tracked_change') }} as change
  join {{ ref('int_tickets__ticket') }} as ticket
    on ticket.client_id = change.client_id and ticket.ticket_id = change.ticket_id and ticket.state is null
  left join {{ ref('int_tickets__stage') }} as after
    on after.client_id = change.client_id
    and after.ticket_model = change.ticket_model
    and after.odoo_stage_id = change.new_value
    and change.changed_at >= after.holds_from
    and change.changed_at < after.holds_until
  left join {{ ref('int_tickets__stage') }} as before
    on before.client_id = change.client_id
    and before.ticket_model = change.ticket_model
    and before.odoo_stage_id = change.old_value
    and change.changed_at >= before.holds_from
    and change.changed_at < before.holds_until
  where change.field_name = 'stage_id'
  window ticket as (partition by change.client_id, change.ticket_id)
),

-- A ticket that was made in a closing stage is closed from its first instant.
made_closed as (
  select by_stage.client_id, by_stage.ticket_id, ticket.opened_at as changed_at, true as is_closed, 'tracked' as basis, 0 as place
  from by_stage
  join {{ ref('int_tickets__ticket') }} as ticket
    on ticket.client_id = by_stage.client_id and ticket.ticket_id = by_stage.ticket_id
  where by_stage.place = 1 and by_stage.was_closed
),

-- What Odoo did not track: the stage of the last reading differs from where the tracked changes end.
untracked as (
  select
    ticket.client_id,
    ticket.ticket_id,
    greatest(
      case
        -- closed_date survives a reopening: one older than the last tracked change speaks of an earlier closing.
        when coalesce(present.is_closing, false) and ticket.ended_at >= coalesce(ending.changed_at, ticket.opened_at)
          then ticket.ended_at
        else ticket.stage_changed_at
      end,
      ending.changed_at,
      ticket.opened_at
    ) as changed_at,
    coalesce(present.is_closing, false) as is_closed,
    'stamped' as basis,
    coalesce(ending.place, 0) + 1 as place
  from {{ ref('int_tickets__ticket') }} as ticket
  left join {{ ref('int_tickets__stage') }} as present
    on present.client_id = ticket.client_id
    and present.ticket_model = ticket.ticket_model
    and present.odoo_stage_id = ticket.odoo_stage_id
    and present.holds_until = 'infinity'
  left join by_stage as ending
    on ending.client_id = ticket.client_id and ending.ticket_id = ticket.ticket_id and ending.place_from_last = 1
  where ticket.state is null
    and ticket.odoo_stage_id is distinct from ending.odoo_stage_id
    and coalesce(present.is_closing, false) <> coalesce(ending.is_closed, false)
),

by_state as (
  select
    version.client_id,
    version.odoo_task_id as ticket_id,
    ticket.opened_at,
    case
      when version.state is not null then version.state like '1\_%'
      else coalesce(version.is_closed, stage.is_closing, false)
    end as is_closed,
    version.ended_at,
    version.stage_changed_at,
    version.dbt_valid_from,
    version.read_at,
    lag(version.read_at) over (
      partition by version.client_id, version.odoo_task_id order by version.dbt_valid_from
    ) as read_before_at
  from {{ ref('snap_odoo__project_task') }} as version
  join {{ ref('int_tickets__ticket') }} as ticket
    on ticket.client_id = version.client_id
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
  select *, row_number() over (partition by client_id, ticket_id order by dbt_valid_from) as place
  from (
    select *, lag(is_closed, 1, false) over (partition by client_id, ticket_id order by dbt_valid_from) as was_closed
    from by_state
  ) as versions
  where is_closed <> was_closed
),

dated_state as (
  select
    turned.client_id,
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
    case when count(tracked.changed_at) > 0 then 'tracked' else 'stamped' end as basis,
    turned.place
  from turned
  left join {{ ref('int_tickets__tracked_change') }} as tracked
    on tracked.client_id = turned.client_id
    and tracked.ticket_id = turned.ticket_id
    and tracked.field_name = 'state'
    and tracked.changed_at <= turned.read_at
    and tracked.changed_at > coalesce(turned.read_before_at, '-infinity')
  group by turned.client_id, turned.ticket_id, turned.is_closed, turned.place, turned.opened_at,
    turned.ended_at, turned.stage_changed_at, turned.read_before_at, turned.dbt_valid_from
)

select client_id, ticket_id, changed_at, is_closed, basis, place
from made_closed
union all
select client_id, ticket_id, changed_at, is_closed, 'tracked', place
from by_stage
union all
select client_id, ticket_id, changed_at, is_closed, basis, place
from untracked
union all
select client_id, ticket_id, changed_at, is_closed, basis, place
from dated_state
