{{ config(indexes=[{'columns': ['client_id', 'model', 'operation']}, {'columns': ['client_id', 'odoo_group_id']}]) }}

with configured as (
  select kept.client_id, kept.entity, kept.record_id, kept.content, version.major
  from {{ ref('snap_odoo__configuration') }} as kept
  join {{ ref('int_review__period') }} as period on period.client_id = kept.client_id
  join {{ ref('int_review__odoo_version') }} as version on version.client_id = kept.client_id
  where kept.entity in ('ir.model.access', 'ir.access')
    and kept.record_id > 0
    and not kept.is_deleted
    and {{ held_at('kept', 'period.as_of_at') }}
    -- Where one came to 20.0 from before, both may lie there: the server obeys that of its version.
    and (kept.entity = 'ir.access') = (version.major >= 20)
)

select
  row.client_id,
  model.model,
  operation.name as operation,
  coalesce((row.content ->> 'group_id')::bigint, 0) as odoo_group_id,
  row.record_id as access_row_id,
  row.entity,
  coalesce(row.content ->> 'domain', '') not in ('', '[]') as has_domain
from configured as row
join {{ ref('stg_odoo__ir_model') }} as model
  on model.client_id = row.client_id and model.odoo_model_id = (row.content ->> 'model_id')::bigint
cross join (values ('read', '[r]'), ('write', '[uw]'), ('create', '[c]'), ('unlink', '[d]')) as operation (name, letters)
where (row.content ->> 'active')::boolean
  and case
    when row.entity = 'ir.model.access' then (row.content ->> ('perm_' || operation.name))::boolean
    -- From 20.0 a row without a group permits nothing: it restricts.
    else row.content ->> 'group_id' is not null and row.content ->> 'operation' ~ operation.letters
  end
