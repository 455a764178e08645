{{ config(indexes=[{'columns': ['client_id', 'model', 'operation']}]) }}

with kept as (
  select kept.client_id, kept.entity, kept.record_id, kept.related_id, kept.content, version.major
  from {{ ref('snap_odoo__configuration') }} as kept
  join {{ ref('int_review__period') }} as period on period.client_id = kept.client_id
  join {{ ref('int_review__odoo_version') }} as version on version.client_id = kept.client_id
  where kept.entity in ('ir.rule', 'rule.group.rel', 'ir.access')
    and kept.record_id > 0
    and not kept.is_deleted
    and {{ held_at('kept', 'period.as_of_at') }}
),

-- The server reads the stored column `global`, which says that a rule has no groups, and not the relation.
rules as (
  select client_id, record_id as rule_id, entity, content, 0::bigint as odoo_group_id
  from kept
  where entity = 'ir.rule' and major < 20 and (content ->> 'global')::boolean
  union all
  select rule.client_id, rule.record_id, rule.entity, rule.content, named.related_id
  from kept as rule
  join kept as named
    on named.entity = 'rule.group.rel' and named.client_id = rule.client_id and named.record_id = rule.record_id
  where rule.entity = 'ir.rule' and rule.major < 20 and (rule.content ->> 'global')::boolean is not true
  union all
  select client_id, record_id, entity, content, 0
  from kept
  where entity = 'ir.access' and major >= 20 and content ->> 'group_id' is null
)

select
  rule.client_id,
  model.model,
  operation.name as operation,
  rule.odoo_group_id,
  rule.rule_id,
  rule.entity
from rules as rule
join {{ ref('stg_odoo__ir_model') }} as model
  on model.client_id = rule.client_id and model.odoo_model_id = (rule.content ->> 'model_id')::bigint
cross join (values ('read', '[r]'), ('write', '[uw]'), ('create', '[c]'), ('unlink', '[d]')) as operation (name, letters)
where (rule.content ->> 'active')::boolean
  and case
    when rule.entity = 'ir.rule' then (rule.content ->> ('perm_' || operation.name))::boolean
    else rule.content ->> 'operation' ~ operation.letters
  end
