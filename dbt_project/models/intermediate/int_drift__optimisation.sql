with tagged as (
  select rel.client_id, rel.odoo_task_id
  from {{ ref('stg_odoo__project_tags_project_task_rel') }} as rel
  join {{ ref('stg_odoo__project_tags') }} as tag on tag.client_id = rel.client_id and tag.odoo_tag_id = rel.odoo_tag_id
  join {{ ref('int_review__period') }} as period on period.client_id = rel.client_id
  where (rel.deleted_at is null or rel.deleted_at > period.as_of_at)
    and lower(btrim(tag.tag_name)) in ({{ policy_words('optimisation_deferred.tags') }})
  group by rel.client_id, rel.odoo_task_id
),

messages as (
  select message.client_id, message.record_id as odoo_task_id, max(message.sent_at) as last_at
  from {{ ref('stg_odoo__mail_message') }} as message
  join tagged on tagged.client_id = message.client_id and tagged.odoo_task_id = message.record_id
  join {{ ref('int_review__period') }} as period on period.client_id = message.client_id
  where message.model = 'project.task' and message.sent_at < period.as_of_at
  group by message.client_id, message.record_id
)

select
  task.client_id,
  task.odoo_task_id,
  not coalesce(task.state in ('1_done', '1_canceled'), task.is_closed, stage.is_folded, false) and coalesce(task.is_active, true) as is_open,
  period.as_of_on - (task.created_at at time zone period.timezone)::date as age_days,
  period.as_of_on - (greatest(
    task.created_at, messages.last_at,
    case when task.updated_at <= period.as_of_at then task.updated_at end,
    case when task.stage_changed_at <= period.as_of_at then task.stage_changed_at end
  ) at time zone period.timezone)::date as untouched_days
from {{ ref('stg_odoo__project_task') }} as task
join tagged on tagged.client_id = task.client_id and tagged.odoo_task_id = task.odoo_task_id
join {{ ref('int_review__period') }} as period on period.client_id = task.client_id
left join {{ ref('stg_odoo__project_task_type') }} as stage on stage.client_id = task.client_id and stage.odoo_stage_id = task.odoo_stage_id
left join messages on messages.client_id = task.client_id and messages.odoo_task_id = task.odoo_task_id
where task.created_at < period.as_of_at and not task.is_deleted
