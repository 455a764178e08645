select
  log.client_id,
  area.area,
  'logged' as basis,
  'auditlog ' || log.odoo_log_id as source_id,
  model.model,
  log.record_id,
  0::bigint as related_id,
  case log.method when 'create' then 'created' when 'unlink' then 'deleted' else 'changed' end as action,
  model.model || ' ' || log.record_id as what,
  array(
    select distinct field.field_name
    from {{ ref('stg_odoo__auditlog_log_line') }} as line
    join {{ ref('stg_odoo__ir_model_fields') }} as field
      on field.client_id = line.client_id and field.odoo_field_id = line.odoo_field_id
    where line.client_id = log.client_id and line.odoo_log_id = log.odoo_log_id
    order by 1
  ) as fields,
  log.logged_at as changed_at,
  log.logged_at as seen_at,
  log.odoo_user_id
from {{ ref('stg_odoo__auditlog_log') }} as log
join {{ ref('stg_odoo__ir_model') }} as model on model.client_id = log.client_id and model.odoo_model_id = log.odoo_model_id
join {{ audit_areas() }} as area (area, model) on area.model = model.model
join {{ ref('int_review__period') }} as period on period.client_id = log.client_id
where log.method in ('create', 'write', 'unlink') and {{ in_quarter('log.logged_at') }}
