{# What is attributed: rows whose declared content differs, came or went. #}
with upgraded as (
  -- A major upgrade trades fields for others: what exists on one side only says nothing of a decision.
  select client_id, comparison, seen_at
  from {{ ref('int_drift__pair') }}
  where entity = 'ir.module.module' and before_content ->> 'name' = 'base'
    and {{ major_of("before_content ->> 'latest_version'") }} <> {{ major_of("after_content ->> 'latest_version'") }}
),

differing as (
  select
    pair.*,
    upgraded.client_id is not null as is_upgrade,
    difference.fields as changed_fields
  from {{ ref('int_drift__pair') }} as pair
  left join upgraded
    on upgraded.client_id = pair.client_id and upgraded.comparison = pair.comparison and upgraded.seen_at = pair.seen_at
  left join lateral (
    -- Only fields that both states were read with: one that the catalogue got since is no change.
    select jsonb_agg(field.name order by field.name) as fields
    from jsonb_object_keys(pair.after_content) as field (name)
    where not pair.was_absent and not pair.is_absent
      and pair.before_content ? field.name
      and pair.before_content -> field.name <> pair.after_content -> field.name
      and (
        upgraded.client_id is null
        or 'null'::jsonb not in (pair.before_content -> field.name, pair.after_content -> field.name)
      )
  ) as difference on true
),

named as (
  select
    differing.*,
    case
      when was_absent and is_absent then null
      when was_absent then 'created'
      when is_absent then 'deleted'
      when changed_fields is not null then 'changed'
      when written_by_user_id <> 1 and written_at is distinct from before_written_at then 'touched'
    end as action,
    case when is_absent then before_content else after_content end as content
  from differing
),

kept as (
  select named.*
  from named
  where named.action is not null
    and not (named.entity = 'ir.config_parameter' and exists (
      select from ({{ policy_words('drift.self_moving_parameters') }}) as self_moving
      where named.content ->> 'key' like self_moving.word
    ))
    -- A module that merely appears in the list of available ones, or leaves it, changes nothing.
    and not (named.entity = 'ir.module.module' and named.action in ('created', 'deleted')
      and named.content ->> 'state' not in ('installed', 'to upgrade', 'to remove'))
)

select
  md5(concat_ws('|', kept.client_id, kept.comparison, extract(epoch from kept.seen_at), kept.entity,
    kept.record_id, kept.related_id)) as change_id,
  kept.client_id,
  kept.comparison,
  kept.seen_at,
  kept.before_at,
  kept.entity,
  kept.record_id,
  kept.related_id,
  kept.action,
  kept.content,
  {{ label_of('kept.content', 'kept.entity') }} as label,
  case when not kept.was_absent then kept.before_content end as before_content,
  case when not kept.is_absent then kept.after_content end as after_content,
  kept.changed_fields,
  kept.is_upgrade,
  kept.created_by_user_id,
  case when kept.action <> 'deleted' then kept.written_by_user_id end as written_by_user_id,
  case when kept.action <> 'deleted' then kept.written_at end as written_at,
  external.module_name,
  external.external_name,
  external.is_noupdate
from kept
left join lateral (
  select data.module_name, data.external_name, data.is_noupdate
  from {{ ref('int_drift__external_id') }} as data
  where data.client_id = kept.client_id and data.model = kept.entity and data.record_id = kept.record_id
    and kept.related_id = 0
) as external on true
-- Odoo makes this view anew whenever groups change.
where (kept.entity, external.module_name, external.external_name)
  is distinct from ('ir.ui.view', 'base', 'user_groups_view')
