-- Which module a record that moved belongs to. Tombstones count: a deleted record takes its external id along.
with moved as (
  select distinct client_id, entity, record_id
  from {{ ref('int_drift__pair') }}
  where related_id = 0
)

select distinct on (data.client_id, data.model, data.record_id)
  data.client_id,
  data.model,
  data.record_id,
  data.module_name,
  data.external_name,
  data.is_noupdate
from {{ ref('stg_odoo__ir_model_data') }} as data
join moved
  on moved.client_id = data.client_id and moved.entity = data.model and moved.record_id = data.record_id
where {{ proves_a_module('data') }} or data.module_name = 'studio_customization'
order by data.client_id, data.model, data.record_id, data.is_deleted, data.odoo_data_id
