{# Which decision explains which finding: same client, same model, in the window, and the record if the decision names one. #}
with finding as (
  select
    *,
    coalesce(changed_at, before_at) as earliest_at,
    coalesce(changed_at, seen_at) as latest_at
  from {{ ref('int_drift__finding') }}
),

registered as (
  select
    finding.finding_id,
    finding.client_id,
    finding.comparison,
    'register'::text as source,
    approved.change_id
  from {{ source('ops', 'approved_change') }} as approved
  join {{ source('ops', 'client') }} as client on client.client_id = approved.client_id
  join finding
    on finding.client_id = approved.client_id and finding.entity = approved.entity
    and (approved.key is null or approved.key in (finding.entity_key, finding.label, finding.external_id, finding.what))
    and finding.latest_at >= approved.from_on::timestamp at time zone client.timezone
    and finding.earliest_at < (approved.until_on + 1)::timestamp at time zone client.timezone
  where approved.build_id = {{ build_id() }}
),

tagged as (
  select distinct on (finding.finding_id)
    finding.finding_id,
    finding.client_id,
    finding.comparison,
    'task'::text as source,
    'task ' || task.odoo_task_id as change_id
  from {{ ref('stg_odoo__project_tags') }} as tag
  join ({{ policy_words('drift.change_tag') }}) as change_tag on change_tag.word = lower(btrim(tag.tag_name))
  join {{ ref('stg_odoo__project_tags_project_task_rel') }} as tagging
    on tagging.client_id = tag.client_id and tagging.odoo_tag_id = tag.odoo_tag_id and not tagging.is_deleted
  join {{ ref('stg_odoo__project_task') }} as task
    on task.client_id = tagging.client_id and task.odoo_task_id = tagging.odoo_task_id and not task.is_deleted
  join finding
    on finding.client_id = task.client_id
    and finding.latest_at >= task.created_at
    and finding.earliest_at <= coalesce(task.ended_at, finding.latest_at)
    and exists (
      select from unnest(array[finding.entity, finding.label, finding.external_id, finding.what]) as name (word)
      where length(name.word) >= 4 and strpos(lower(task.title), lower(name.word)) > 0
    )
  order by finding.finding_id, task.odoo_task_id
)

select * from registered
union all
select * from tagged
