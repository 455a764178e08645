{% set spreadsheets = "('application/vnd.ms-excel', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'application/vnd.oasis.opendocument.spreadsheet', 'text/csv')" %}

with traces as (
  select client_id, 'import mapping' as kind, model, created_at, deleted_at from {{ ref('stg_odoo__base_import_mapping') }}
  union all
  select client_id, 'imported or exported records', model, created_at, deleted_at
  from {{ ref('stg_odoo__ir_model_data') }}
  where module_name in ('__import__', '__export__')
  union all
  select client_id, 'saved export', model, created_at, deleted_at from {{ ref('stg_odoo__ir_exports') }}
  union all
  select client_id, 'spreadsheet attached', model, created_at, deleted_at
  from {{ ref('stg_odoo__ir_attachment') }}
  where mimetype in {{ spreadsheets }} and record_field is null and record_id > 0
  union all
  select move.client_id, 'entry without origin', 'account.move', move.created_at, move.deleted_at
  from {{ ref('stg_odoo__account_move') }} as move
  join {{ ref('stg_odoo__account_journal') }} as journal
    on journal.client_id = move.client_id and journal.odoo_journal_id = move.odoo_journal_id and journal.journal_type = 'general'
  where move.move_type = 'entry'
    and move.state = 'posted'
    and has_ref is not true
    and has_origin is not true
    and coalesce(odoo_payment_id, reversed_odoo_move_id, odoo_statement_line_id, odoo_stock_move_id, odoo_cash_basis_id) is null
)

-- One import leaves a trace on every record: what happened to one model on one day counts once.
select
  traces.client_id,
  traces.kind,
  coalesce(traces.model, '') as model,
  (traces.created_at at time zone period.timezone)::date as happened_on,
  count(*) as record_count
from traces
join {{ ref('int_review__period') }} as period on period.client_id = traces.client_id
where traces.created_at < period.as_of_at and {{ existed_at('traces', 'period.as_of_at') }}
group by traces.client_id, traces.kind, coalesce(traces.model, ''), (traces.created_at at time zone period.timezone)::date
