select distinct on (data.client_id, data.model, data.record_id)
  data.client_id,
  data.model,
  data.record_id,
  data.module_name,
  data.module_name || '.' || data.external_name as external_id
from {{ ref('stg_odoo__ir_model_data') }} as data
join {{ ref('int_review__period') }} as period on period.client_id = data.client_id
where data.model in ('ir.ui.view', 'ir.actions.server', 'base.automation', 'ir.cron', 'ir.actions.report', 'ir.filters')
  and {{ proves_a_module('data') }}
  and {{ existed_at('data', 'period.as_of_at') }}
order by data.client_id, data.model, data.record_id, data.created_at, data.odoo_data_id
