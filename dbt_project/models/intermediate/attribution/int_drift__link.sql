{# Which change may have come along with which: one row per pair, the lower the rank the stronger. Fields that the catalogue
   declares as `part_of` or `brings` link records; memberships, hand-made fields and modules have rules of their own. #}
with change as (
  select * from {{ ref('int_drift__change') }} where action <> 'touched'
),

declared as (
  {% for entry in configuration_entries() %}
  {% for field, model in (entry.part_of.items() | list) %}
  select
    part.change_id,
    whole.change_id as parent_id,
    6 as rank
  from change as part
  join change as whole
    on {{ same_step('whole', 'part') }} and whole.entity = '{{ model }}' and whole.change_id <> part.change_id
    and whole.record_id = {{ 'part.record_id' if field == entry.key[0] else 'part.related_id' if field in entry.key else referred('part', [field]) }}
  where part.entity = '{{ entry.model }}'
    and {% if entry.is_stamped -%}
    ({{ same_stroke('part', 'whole') }}{% if entry.model == 'ir.model.fields' %} or (part.module_name is null and whole.action = part.action){% endif %})
    {%- else -%}
    (whole.action in ('created', 'deleted') or whole.entity in ('ir.rule', 'ir.filters'))
    {%- endif %}
  union all
  {% endfor %}
  {% for field, model in (entry.brings.items() | list) %}
  select brought.change_id, whole.change_id as parent_id, 7 as rank
  from change as whole
  join change as brought
    on {{ same_step('brought', 'whole') }} and brought.entity = '{{ model }}'
    and brought.record_id = {{ referred('whole', [field]) }}
  where whole.entity = '{{ entry.model }}' and {{ same_stroke('brought', 'whole') }}
  union all
  {% endfor %}
  {% endfor %}
  select null, null, null where false
),

-- Odoo tunes the scheduled job of a model when that model's records are made or changed.
jobs as (
  select job.change_id, worked_on.change_id as parent_id, 8 as rank
  from change as job
  join {{ ref('snap_odoo__configuration') }} as run
    on run.client_id = job.client_id and run.entity = 'ir.actions.server' and run.related_id = 0
    and run.record_id = {{ referred('job', ['ir_actions_server_id']) }} and {{ held_at('run', 'job.seen_at') }}
  join {{ ref('stg_odoo__ir_model') }} as model
    on model.client_id = job.client_id and model.odoo_model_id = {{ referred('run', ['model_id']) }}
  join change as worked_on
    on {{ same_step('worked_on', 'job') }} and worked_on.entity = model.model
  where job.entity = 'ir.cron' and job.action = 'changed'
    and worked_on.written_by_user_id = job.written_by_user_id and worked_on.written_at = job.written_at
),

membership as (
  select * from change where entity = 'res.groups.users.rel'
),

-- Up to 18.0 Odoo writes down what a group implies, for whoever is in it.
implied_memberships as (
  select membership.change_id, implication.change_id as parent_id, 9 as rank
  from membership
  join change as implication
    on {{ same_step('implication', 'membership') }} and implication.entity = 'res.groups.implied.rel'
    and implication.action = 'created'
  left join {{ ref('int_drift__implication') }} as further
    on further.client_id = membership.client_id and further.odoo_group_id = implication.related_id
    and further.implied_odoo_group_id = membership.related_id
  where membership.action = 'created'
    and (implication.related_id = membership.related_id or further.client_id is not null)
    and exists (
      select from {{ ref('snap_odoo__configuration') }} as held
      where held.client_id = membership.client_id and held.entity = 'res.groups.users.rel'
        and held.record_id = membership.record_id and held.related_id = implication.record_id
        and not held.is_deleted and {{ held_at('held', 'membership.seen_at') }}
    )
  union all
  select membership.change_id, stronger.change_id, 10
  from membership
  join {{ ref('int_drift__implication') }} as implication
    on implication.client_id = membership.client_id and implication.implied_odoo_group_id = membership.related_id
  join membership as stronger
    on {{ same_step('stronger', 'membership') }} and stronger.record_id = membership.record_id
    and stronger.related_id = implication.odoo_group_id and stronger.action = membership.action
),

-- A field made by hand shows on the models that inherit its own by delegation.
inherited_fields as (
  select field.change_id, original.change_id as parent_id, 11 as rank
  from change as field
  join change as original
    on {{ same_step('original', 'field') }} and original.entity = 'ir.model.fields'
    and original.content ->> 'name' = field.content ->> 'name' and original.action = field.action
    and original.content ->> 'related' is null
  where field.entity = 'ir.model.fields' and field.module_name is null
    and field.content ->> 'related' like '%.' || (field.content ->> 'name')
),

-- Deleted and made again under the same name: one cause, two records.
replaced as (
  select gone.change_id, made.change_id as parent_id, 12 as rank
  from (select *, {{ same_name_number() }} from change where action = 'deleted' and label is not null) as gone
  join (select *, {{ same_name_number() }} from change where action = 'created' and label is not null) as made
    on {{ same_step('made', 'gone') }} and made.entity = gone.entity and made.label = gone.label
    and made.same_name_number = gone.same_name_number
),

linked as (
  select change_id, parent_id, rank from {{ ref('int_drift__module_link') }}
  union all
  {% for cte in ['declared', 'jobs', 'implied_memberships', 'inherited_fields', 'replaced'] -%}
  select change_id, parent_id, rank from {{ cte }}
  {{ 'union all' if not loop.last }}
  {% endfor %}
)

select change.client_id, linked.change_id, linked.parent_id, min(linked.rank) as rank
from linked
join change on change.change_id = linked.change_id
group by change.client_id, linked.change_id, linked.parent_id
