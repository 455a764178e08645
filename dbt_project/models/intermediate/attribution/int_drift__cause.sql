-- One cause, one finding: the change that the others came with, and how many rows moved with it.
with grouped as (
  select root_id, max(redeployed_module) as redeployed_module, count(*) as evidence_count
  from {{ ref('int_drift__root') }}
  group by root_id
),

-- Of a module that was put in place anew without a new version, what its records are.
redeployed as (
  select
    root.root_id,
    string_agg(root.entity || ': ' || root.record_count, ', ' order by root.entity) as records,
    max(root.written_at) as written_at
  from (
    select root.root_id, change.entity, count(*) as record_count, max(change.written_at) as written_at
    from {{ ref('int_drift__root') }} as root
    join {{ ref('int_drift__change') }} as change on change.change_id = root.change_id
    where root.redeployed_module is not null
    group by root.root_id, change.entity
  ) as root
  group by root.root_id
),

replaced as (
  select distinct on (root.root_id) root.root_id, gone.content
  from {{ ref('int_drift__root') }} as root
  join {{ ref('int_drift__change') }} as gone on gone.change_id = root.change_id and gone.action = 'deleted'
  join {{ ref('int_drift__change') }} as made
    on made.change_id = root.root_id and made.action = 'created'
    and made.entity = gone.entity and made.label = gone.label
  order by root.root_id, gone.record_id
),

found as (
  select
    grouped.root_id as finding_id,
    change.client_id,
    change.comparison,
    change.seen_at,
    change.before_at,
    change.entity,
    change.record_id,
    change.related_id,
    change.label,
    change.content,
    coalesce(step.step, case when replaced.root_id is not null then 'recreated' end, change.action) as kind,
    coalesce(replaced.content, change.before_content) as before_content,
    change.after_content,
    case
      when replaced.root_id is null then change.changed_fields
      when replaced.content <> change.after_content then (
        select jsonb_agg(field.name) from jsonb_object_keys(change.after_content) as field (name)
        where replaced.content -> field.name is distinct from change.after_content -> field.name)
    end as changed_fields,
    change.written_by_user_id,
    change.written_at,
    change.module_name,
    change.external_name,
    change.is_noupdate,
    null::text as redeployed_records,
    grouped.evidence_count
  from grouped
  join {{ ref('int_drift__change') }} as change on change.change_id = grouped.root_id
  left join {{ ref('int_drift__module_step') }} as step on step.change_id = grouped.root_id
  left join replaced on replaced.root_id = grouped.root_id
  where grouped.redeployed_module is null
    -- Another record with the same content is a change, but no difference that stays.
    and not (change.comparison <> 'night' and replaced.content is not distinct from change.after_content
      and replaced.root_id is not null)
),

in_place as (
  -- Its rows agree on client, comparison and moment.
  select distinct on (grouped.root_id)
    grouped.root_id as finding_id, root.client_id, root.comparison, root.seen_at, change.before_at,
    'ir.module.module', module.odoo_module_id, 0, grouped.redeployed_module,
    jsonb_build_object('name', grouped.redeployed_module),
    'redeployed', null::jsonb, null::jsonb, null::jsonb, 1, redeployed.written_at,
    grouped.redeployed_module, null, null::boolean, redeployed.records, grouped.evidence_count
  from grouped
  join {{ ref('int_drift__root') }} as root on root.root_id = grouped.root_id
  join {{ ref('int_drift__change') }} as change on change.change_id = root.change_id
  join redeployed on redeployed.root_id = grouped.root_id
  left join {{ ref('int_drift__listed_module') }} as module
    on module.client_id = root.client_id and module.module_name = grouped.redeployed_module
  where grouped.redeployed_module is not null
  order by grouped.root_id
)

select * from found
union all
select * from in_place
