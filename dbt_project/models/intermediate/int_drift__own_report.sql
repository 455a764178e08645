with reports as (
  select report.client_id, 'report' as kind, report.odoo_report_id as odoo_id, report.model, report.created_at, report.updated_at,
    report.deleted_at, 'ir.actions.report' as entity
  from {{ ref('stg_odoo__ir_act_report_xml') }} as report
  union all
  select filter.client_id, 'filter', filter.odoo_filter_id, filter.model, filter.created_at, filter.updated_at, filter.deleted_at, 'ir.filters'
  from {{ ref('stg_odoo__ir_filters') }} as filter
  where coalesce(filter.is_active, true)
),

own as (
  select reports.*, period.as_of_at, period.as_of_on, period.timezone
  from reports
  join {{ ref('int_review__period') }} as period on period.client_id = reports.client_id and {{ existed_at('reports', 'period.as_of_at') }}
  left join {{ ref('int_drift__module_record') }} as brought
    on brought.client_id = reports.client_id and brought.model = reports.entity and brought.record_id = reports.odoo_id
  left join {{ ref('int_drift__module') }} as module
    on module.client_id = brought.client_id and module.module_name = brought.module_name
  where brought.record_id is null or module.origin = 'custom'
),

model_changes as (
  select client_id, model, created_at as changed_at from {{ ref('stg_odoo__ir_model_fields') }} where state = 'manual' and created_at is not null
  union all
  select extended.client_id, extended.model, module.changed_at
  from {{ ref('int_drift__module_model') }} as extended
  join {{ ref('int_drift__module') }} as module on module.client_id = extended.client_id and module.module_name = extended.module_name
  where module.changed_at is not null
)

select
  own.client_id,
  own.kind,
  own.odoo_id,
  own.model,
  own.as_of_on - (own.updated_at at time zone own.timezone)::date as unchanged_days,
  min(change.changed_at) as model_changed_at
from own
left join model_changes as change
  on change.client_id = own.client_id and change.model = own.model and change.changed_at > own.updated_at and change.changed_at < own.as_of_at
group by own.client_id, own.kind, own.odoo_id, own.model, own.as_of_on, own.updated_at, own.timezone
