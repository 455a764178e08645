{# What history says of optimisations at an earlier moment: no row where it does not reach that far. #}
{% set span_days = var('signal_span_days') %}

with moment as (
  select client_id, timezone, as_of_at - interval '{{ span_days }} days' as before_at, as_of_on - {{ span_days }} as before_on
  from {{ ref('int_review__period') }}
),

tagged as (
  select distinct rel.client_id, rel.odoo_task_id
  from {{ ref('stg_odoo__project_tags_project_task_rel') }} as rel
  join {{ ref('stg_odoo__project_tags') }} as tag on tag.client_id = rel.client_id and tag.odoo_tag_id = rel.odoo_tag_id
  join moment on moment.client_id = rel.client_id
  where (rel.deleted_at is null or rel.deleted_at > moment.before_at)
    and lower(btrim(tag.tag_name)) in ({{ policy_words('optimisation_deferred.tags') }})
),

messages as (
  select message.client_id, message.record_id as odoo_task_id, max(message.sent_at) as last_at
  from {{ ref('stg_odoo__mail_message') }} as message
  join tagged on tagged.client_id = message.client_id and tagged.odoo_task_id = message.record_id
  join moment on moment.client_id = message.client_id
  where message.model = 'project.task' and message.sent_at < moment.before_at
  group by message.client_id, message.record_id
),

items as (
  select
    state.client_id,
    not coalesce(state.state in ('1_done', '1_canceled'), state.is_closed, stage.is_folded, false)
      and coalesce(state.is_active, true) as is_open,
    moment.before_on - (greatest(
      task.created_at, messages.last_at,
      case when task.updated_at <= moment.before_at then task.updated_at end,
      case when state.stage_changed_at <= moment.before_at then state.stage_changed_at end
    ) at time zone moment.timezone)::date >= {{ policy('optimisation_deferred.untouched_days') }} as looks_untouched,
    -- What was written since hides when it had been written before.
    coalesce(task.updated_at <= moment.before_at, false) as is_certain
  from tagged
  join moment on moment.client_id = tagged.client_id
  join {{ ref('stg_odoo__project_task') }} as task
    on task.client_id = tagged.client_id and task.odoo_task_id = tagged.odoo_task_id and task.created_at < moment.before_at
  join {{ ref('snap_odoo__project_task') }} as state
    on state.client_id = task.client_id and state.odoo_task_id = task.odoo_task_id and not state.is_deleted
    and {{ held_at('state', 'moment.before_at') }}
  left join {{ ref('snap_odoo__project_task_type') }} as stage
    on stage.client_id = state.client_id and stage.odoo_stage_id = state.odoo_stage_id and {{ held_at('stage', 'moment.before_at') }}
  left join messages on messages.client_id = task.client_id and messages.odoo_task_id = task.odoo_task_id
)

select client_id, 'optimisation_deferred' as signal, count(*) filter (where is_open and looks_untouched)::double precision as previous_value
from items
group by client_id
having bool_and(is_certain or not (is_open and looks_untouched))
