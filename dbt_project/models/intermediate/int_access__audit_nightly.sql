{# What the nights saw of configuration: who wrote it last where Odoo stamps that, the night that first saw it else. #}
select
  change.client_id,
  area.area,
  'derived nightly' as basis,
  change.change_id as source_id,
  change.entity as model,
  change.record_id,
  change.related_id,
  change.action,
  case
    when change.entity = 'res.groups.users.rel'
      then coalesce(member.login, 'user ' || change.record_id) || ' in group ' || coalesce(gro.group_name, change.related_id::text)
    else coalesce(change.label, change.entity || ' ' || change.record_id)
  end as what,
  array(select jsonb_array_elements_text(change.changed_fields)) as fields,
  case when change.related_id = 0 then change.written_at end as changed_at,
  change.before_at,
  change.seen_at,
  case when change.related_id = 0 then change.written_by_user_id end as odoo_user_id
from {{ ref('int_drift__change') }} as change
join {{ audit_areas() }} as area (area, model) on area.model = change.entity
left join {{ ref('stg_odoo__res_users') }} as member
  on member.client_id = change.client_id and member.odoo_user_id = change.record_id and change.entity = 'res.groups.users.rel'
left join {{ ref('stg_odoo__res_groups') }} as gro
  on gro.client_id = change.client_id and gro.odoo_group_id = change.related_id and change.entity = 'res.groups.users.rel'
where change.comparison = 'night' and change.action in ('created', 'changed', 'deleted')
