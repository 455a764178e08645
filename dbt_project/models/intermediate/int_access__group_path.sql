{{ config(indexes=[{'columns': ['client_id', 'odoo_group_id']}]) }}

-- One level a step and a row per group to start from: what was seen before is not entered again, so a cycle ends.
with recursive level as (
  select distinct client_id, odoo_group_id, 0 as depth, array[odoo_group_id] as frontier, array[odoo_group_id] as seen
  from {{ ref('int_access__implication') }}
  union all
  select level.client_id, level.odoo_group_id, level.depth + 1, next.frontier, level.seen || next.frontier
  from level
  cross join lateral (
    select array_agg(distinct implication.implied_odoo_group_id) as frontier
    from unnest(level.frontier) as entered (odoo_group_id)
    join {{ ref('int_access__implication') }} as implication
      on implication.client_id = level.client_id and implication.odoo_group_id = entered.odoo_group_id
    where implication.implied_odoo_group_id <> all (level.seen)
  ) as next
  where next.frontier is not null
),

-- The step before: of several that are equally near, the one with the lowest id.
step as (
  select level.client_id, level.odoo_group_id, level.depth, reached.odoo_group_id as implied_odoo_group_id,
    min(implication.odoo_group_id) as via_odoo_group_id
  from level
  cross join lateral unnest(level.frontier) as reached (odoo_group_id)
  join level as before
    on before.client_id = level.client_id and before.odoo_group_id = level.odoo_group_id and before.depth = level.depth - 1
  join {{ ref('int_access__implication') }} as implication
    on implication.client_id = level.client_id
    and implication.implied_odoo_group_id = reached.odoo_group_id
    and implication.odoo_group_id = any (before.frontier)
  group by level.client_id, level.odoo_group_id, level.depth, reached.odoo_group_id
),

path as (
  select client_id, odoo_group_id, implied_odoo_group_id, depth, array[odoo_group_id, implied_odoo_group_id] as path
  from step
  where depth = 1
  union all
  select step.client_id, step.odoo_group_id, step.implied_odoo_group_id, step.depth,
    path.path || step.implied_odoo_group_id
  from path
  join step
    on step.client_id = path.client_id and step.odoo_group_id = path.odoo_group_id
    and step.depth = path.depth + 1 and step.via_odoo_group_id = path.implied_odoo_group_id
)

select client_id, odoo_group_id, implied_odoo_group_id, path from path
