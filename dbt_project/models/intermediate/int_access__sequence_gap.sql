with numbered as (
  select move.client_id, move.odoo_move_id, move.move_name, move.sequence_number, move.accounting_on, period.timezone,
    lag(move.sequence_number) over (
      partition by move.client_id, move.odoo_company_id, move.odoo_journal_id, move.sequence_prefix order by move.sequence_number
    ) as previous_number
  from {{ ref('stg_odoo__account_move') }} as move
  join {{ ref('int_review__period') }} as period on period.client_id = move.client_id
  -- What was posted once keeps its number when it is reset or cancelled; a draft has none yet.
  where not move.is_deleted and move.sequence_number > 0 and move.move_name <> '/'
)

select client_id, odoo_move_id, move_name, previous_number + 1 as missing_from, sequence_number - 1 as missing_to,
  accounting_on::timestamp at time zone timezone as numbered_at
from numbered
where sequence_number > previous_number + 1
