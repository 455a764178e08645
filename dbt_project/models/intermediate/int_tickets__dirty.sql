-- depends_on: {{ ref('int_tickets__basis') }}, {{ ref('int_tickets__owned') }}, {{ ref('snap_odoo__project_task') }}
{{ config(post_hook='{{ begin_changing() }}') }}
{% set kept = kept_state() if execute else {'reason': 'not yet'} %}
{% if kept.reason %}
select ''::text as client_id, ''::text as source_client_id, 0::bigint as ticket_id, '{{ kept.reason }}'::text as reason
{% else %}
{%- set kept_as_of_at = "'" ~ kept.as_of_at ~ "'::timestamptz" %}
{%- set columns = adapter.get_columns_in_relation(adapter.get_relation(target.database, target.schema, 'int_tickets__ticket')) | map(attribute='quoted') | list %}
with messages as (
  select client_id, id as odoo_message_id, model, res_id
  from {{ source('raw', 'mail_message') }}
  where {{ is_written_since('mail_message', kept.xid) }} or coalesce(date, 'infinity') >= {{ kept_as_of_at }}
),

trackings as (
  select client_id, id as odoo_tracking_id, mail_message_id
  from {{ source('raw', 'mail_tracking_value') }}
  where {{ is_written_since('mail_tracking_value', kept.xid) }}
),

-- Tickets by what lies at them now, and by what lay at them: a message can be moved to another ticket.
records as (
  select client_id, model as ticket_model, res_id as ticket_id from messages
  union
  select message.client_id, message.model, message.res_id
  from trackings
  join {{ source('raw', 'mail_message') }} as message
    on message.client_id = trackings.client_id and message.id = trackings.mail_message_id
  union
  select client_id, 'project.task', odoo_task_id
  from {{ ref('snap_odoo__project_task') }}
  where {{ is_written_since('project_task', kept.xid) }}
),

found as (
  select coalesce(now.client_id, kept.client_id) as client_id, coalesce(now.source_client_id, kept.source_client_id) as source_client_id,
    coalesce(now.ticket_id, kept.ticket_id) as ticket_id, 'the ticket changed, or a date of it was still to come' as reason
  from {{ ref('int_tickets__owned') }} as now
  full join {{ kept_table('int_tickets__ticket') }} as kept
    on kept.client_id = now.client_id and kept.source_client_id = now.source_client_id and kept.ticket_id = now.ticket_id
  where ({% for column in columns %}now.{{ column }}{{ ', ' if not loop.last }}{% endfor %})
      is distinct from ({% for column in columns %}kept.{{ column }}{{ ', ' if not loop.last }}{% endfor %})
    or greatest(now.opened_at, now.ended_at, now.stage_changed_at, now.deleted_at, now.sla_deadline_at) >= {{ kept_as_of_at }}
    -- Business hours are laid out for fifteen years: the oldest tickets fall out of them.
    or now.opened_at < {{ build_as_of_at() }} - interval '15 years' + interval '5 days'
  union all
  select ticket.client_id, ticket.source_client_id, ticket.ticket_id, 'a message, a tracked change or a version of it is new'
  from {{ kept_table('int_tickets__ticket') }} as ticket
  join records
    on records.client_id = ticket.source_client_id
    and records.ticket_model = ticket.ticket_model
    and records.ticket_id = ticket.ticket_id
  union all
  select answer.client_id, answer.source_client_id, answer.ticket_id, 'an answer in it changed'
  from {{ kept_table('int_tickets__answer') }} as answer
  join messages on messages.client_id = answer.source_client_id and messages.odoo_message_id = answer.odoo_message_id
  union all
  select change.client_id, change.source_client_id, change.ticket_id, 'a tracked change in it changed'
  from {{ kept_table('int_tickets__tracked_change') }} as change
  where (change.source_client_id, change.odoo_message_id) in (select client_id, odoo_message_id from messages)
    or (change.source_client_id, change.odoo_tracking_id) in (select client_id, odoo_tracking_id from trackings)
  union all
  select client_id, source_client_id, ticket_id, 'a date of it was still to come'
  from {{ kept_table('int_tickets__status_change') }}
  where changed_at >= {{ kept_as_of_at }}
  union all
  select client_id, source_client_id, ticket_id, 'a clock of it runs'
  from {{ kept_table('int_tickets__promise') }}
  where is_running
  union all
  select ticket.client_id, ticket.source_client_id, ticket.ticket_id, 'a rule of the client changed'
  from {{ kept_table('int_tickets__ticket') }} as ticket
  left join {{ ref('int_tickets__basis') }} as basis on basis.client_id = ticket.client_id
  left join {{ kept_table('int_tickets__kept') }} as kept on kept.client_id = ticket.client_id
  left join {{ ref('int_tickets__basis') }} as home_basis on home_basis.client_id = ticket.source_client_id
  left join {{ kept_table('int_tickets__kept') }} as home_kept on home_kept.client_id = ticket.source_client_id
  where basis.rules is distinct from kept.rules or home_basis.home_rules is distinct from home_kept.home_rules
)

select client_id, source_client_id, ticket_id, min(reason) as reason
from found
group by client_id, source_client_id, ticket_id
{% endif %}
