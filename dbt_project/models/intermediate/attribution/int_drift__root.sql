-- Which change each change came with in the end. Chains are short: a member's row, its group, a module, what it depends on.
with change as (
  select * from {{ ref('int_drift__change') }} where action <> 'touched'
),

parent as (
  select distinct on (change_id) change_id, parent_id
  from {{ ref('int_drift__link') }}
  order by change_id, rank, parent_id
),

-- Each pass doubles the length of chain that is followed: four follow sixteen links.
{% for pass in range(1, 5) %}
followed_{{ pass }} as (
  select near.change_id, coalesce(far.parent_id, near.parent_id) as parent_id
  from {{ 'parent' if pass == 1 else 'followed_' ~ (pass - 1) }} as near
  left join {{ 'parent' if pass == 1 else 'followed_' ~ (pass - 1) }} as far on far.change_id = near.parent_id
),
{% endfor %}

linked as (
  select change.*, coalesce(followed.parent_id, change.change_id) as root_id
  from change
  left join followed_4 as followed on followed.change_id = change.change_id
),

-- When a module's operation wrote: from its first record to its own row.
operation as (
  select
    root.change_id as root_id, root.client_id, root.comparison, root.seen_at,
    min(linked.written_at) as began_at,
    max(linked.written_at) as ended_at
  from linked
  join change as root on root.change_id = linked.root_id and root.entity = 'ir.module.module'
  where coalesce(linked.written_by_user_id, 1) = 1 and linked.written_at > linked.before_at - interval '1 day'
  group by root.change_id, root.client_id, root.comparison, root.seen_at
),

-- What else the system wrote meanwhile was written by that operation.
meanwhile as (
  select distinct on (linked.change_id) linked.change_id, operation.root_id
  from linked
  join operation
    on {{ same_step('operation', 'linked') }}
    and linked.written_at between operation.began_at and operation.ended_at
  where linked.root_id = linked.change_id and linked.entity <> 'ir.module.module' and linked.written_by_user_id = 1
  order by linked.change_id, operation.began_at desc, operation.root_id
),

rooted as (
  select linked.*, coalesce(meanwhile.root_id, above.root_id, linked.root_id) as own_root_id
  from linked
  left join meanwhile on meanwhile.change_id = linked.change_id
  left join meanwhile as above on above.change_id = linked.root_id
),

-- The system changed a module's records although the module did not move: its code was put in place without a new version.
redeployed as (
  select distinct client_id, comparison, seen_at, module_name
  from rooted
  where own_root_id = change_id and entity <> 'ir.module.module'
    and module_name is not null and written_by_user_id = 1
)

select
  rooted.change_id,
  rooted.client_id,
  rooted.comparison,
  rooted.seen_at,
  case
    when redeployed.module_name is not null
      then md5(concat_ws('|', rooted.client_id, rooted.comparison, extract(epoch from rooted.seen_at), redeployed.module_name))
    else rooted.own_root_id
  end as root_id,
  redeployed.module_name as redeployed_module
from rooted
join change as root on root.change_id = rooted.own_root_id
left join redeployed
  on {{ same_step('redeployed', 'rooted') }} and redeployed.module_name = root.module_name
  and (root.written_by_user_id = 1 or root.action = 'deleted')
