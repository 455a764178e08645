{{ config(indexes=[{'columns': ['client_id', 'odoo_group_id']}]) }}

with external_ids as (
  select client_id, record_id, array_agg(module_name || '.' || external_name order by module_name, external_name) as ids
  from {{ ref('stg_odoo__ir_model_data') }}
  where model = 'res.groups' and not is_deleted
  group by client_id, record_id
)

select
  known.client_id,
  known.odoo_group_id,
  coalesce(known.group_name, '(group ' || known.odoo_group_id || ')') as group_name,
  known.is_share,
  coalesce(external_ids.ids, array[]::text[]) as external_ids
from {{ ref('snap_odoo__res_groups') }} as known
join {{ ref('int_review__period') }} as period on period.client_id = known.client_id
left join external_ids on external_ids.client_id = known.client_id and external_ids.record_id = known.odoo_group_id
where not known.is_deleted and {{ held_at('known', 'period.as_of_at') }}
