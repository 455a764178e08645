-- A cause as a reader sees it: what, before and after, who, where from.
select
  found.finding_id,
  found.client_id,
  found.comparison,
  found.seen_at,
  found.before_at,
  found.kind,
  {{ area_of('found.entity') }} as area,
  found.entity,
  found.record_id || case when found.related_id > 0 then ',' || found.related_id else '' end as entity_key,
  coalesce(
    case found.entity
      when 'res.groups.users.rel' then coalesce(member.login, 'user ' || found.record_id)
        || ' in group ' || coalesce(related_group.group_name, found.related_id::text)
      when 'res.groups.implied.rel' then 'group ' || coalesce(own_group.group_name, found.record_id::text)
        || ' implies ' || coalesce(related_group.group_name, found.related_id::text)
      when 'rule.group.rel' then 'record rule ' || found.record_id || ' for group '
        || coalesce(related_group.group_name, found.related_id::text)
      when 'ir.filters.res.users.rel' then 'saved filter ' || found.record_id || ' for user ' || found.related_id
      when 'ir.model.fields' then (found.content ->> 'model') || '.' || found.label
    end,
    found.label,
    found.entity || ' ' || found.record_id
  ) as what,
  case
    when found.kind = 'redeployed' then null
    when found.related_id > 0 then case when found.kind = 'deleted' then 'there' else 'not there' end
    when found.changed_fields is not null then {{ as_text('found.before_content', 'found.changed_fields') }}
    else {{ as_text('found.before_content') }}
  end as before_value,
  case
    when found.kind = 'redeployed' then found.redeployed_records
    when found.related_id > 0 then case when found.kind = 'deleted' then 'not there' else 'there' end
    when found.changed_fields is not null then {{ as_text('found.after_content', 'found.changed_fields') }}
    else {{ as_text('found.after_content') }}
  end as after_value,
  found.written_by_user_id as changed_by_user_id,
  writer.login as changed_by,
  found.written_at as changed_at,
  case
    when found.module_name = 'studio_customization' or found.label like 'x\_studio\_%' then 'Studio'
    when found.entity = 'ir.module.module' and found.kind <> 'redeployed' then 'module operation'
    when found.module_name is null then 'user interface'
    else case owner.origin when 'Odoo' then 'Odoo core' when 'OCA' then 'OCA' else 'custom module' end
  end as origin,
  case
    when found.entity = 'ir.module.module' then null
    when found.related_id > 0 then case when found.kind = 'created' then true end
    else not (found.module_name is not null and coalesce(found.is_noupdate, false) is false)
  end as survives_update,
  found.label,
  found.module_name || '.' || found.external_name as external_id,
  found.evidence_count
from {{ ref('int_drift__cause') }} as found
left join {{ ref('stg_odoo__res_users') }} as writer
  on writer.client_id = found.client_id and writer.odoo_user_id = found.written_by_user_id
left join {{ ref('stg_odoo__res_users') }} as member
  on found.entity = 'res.groups.users.rel' and member.client_id = found.client_id and member.odoo_user_id = found.record_id
left join {{ ref('stg_odoo__res_groups') }} as own_group
  on found.entity = 'res.groups.implied.rel' and own_group.client_id = found.client_id
  and own_group.odoo_group_id = found.record_id
left join {{ ref('stg_odoo__res_groups') }} as related_group
  on found.related_id > 0 and related_group.client_id = found.client_id and related_group.odoo_group_id = found.related_id
left join {{ ref('int_drift__listed_module') }} as owner
  on owner.client_id = found.client_id and owner.module_name = found.module_name
