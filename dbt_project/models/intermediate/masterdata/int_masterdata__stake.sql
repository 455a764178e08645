{# What hangs on a record that was found: documents of the quarter, what is open as it was last read, what was ordered. #}
with found as (
  select distinct client_id, model, record_id
  from {{ ref('int_masterdata__standing') }}
  where record_id > 0 and model in ('res.partner', 'res.partner.bank')
),

-- An invoice of a contact is one of its company, too.
document as (
  select move.client_id, owner.model, owner.record_id,
    case when move.move_type like 'out%' then 'receivable' else 'payable' end as kind, move.odoo_currency_id,
    case when move.state = 'posted' then move.amount_residual * case when move.move_type like '%refund' then -1 else 1 end end as open_amount,
    null::numeric as ordered_amount, coalesce(move.invoiced_on, move.accounting_on) as told_on, null::timestamptz as ordered_at
  from {{ ref('stg_odoo__account_move') }} as move
  cross join lateral (
    select 'res.partner' as model, move.odoo_partner_id as record_id
    union
    select 'res.partner', move.commercial_odoo_partner_id
    union all
    select 'res.partner.bank', move.odoo_bank_account_id where move.move_type like 'in%'
  ) as owner
  where not move.is_deleted and move.state <> 'cancel' and move.move_type <> 'entry' and owner.record_id is not null
  union all
  select client_id, 'res.partner', odoo_partner_id, 'sold', odoo_currency_id, null, amount, null, ordered_at
  from {{ ref('stg_odoo__sale_order') }}
  where not is_deleted and state in ('sale', 'done')
  union all
  select client_id, 'res.partner', odoo_partner_id, 'bought', odoo_currency_id, null, amount, null, ordered_at
  from {{ ref('stg_odoo__purchase_order') }}
  where not is_deleted and state in ('purchase', 'done')
),

dated as (
  select document.*, period.as_of_at,
    coalesce(document.told_on >= period.quarter_starts_on, document.ordered_at >= period.quarter_starts_at) as is_of_the_quarter
  from found
  join document on document.client_id = found.client_id and document.model = found.model and document.record_id = found.record_id
  join {{ ref('int_review__period') }} as period on period.client_id = found.client_id
  where coalesce(document.told_on <= period.as_of_on, document.ordered_at <= period.as_of_at)
),

hanging as (
  select client_id, model, record_id, kind, odoo_currency_id, as_of_at,
    count(*) filter (where is_of_the_quarter) as document_count,
    coalesce(sum(open_amount), 0) + coalesce(sum(ordered_amount) filter (where is_of_the_quarter), 0) as amount
  from dated
  group by 1, 2, 3, 4, 5, 6
),

named as (
  select hanging.*, coalesce(currency.content ->> 'name', 'no currency') as currency
  from hanging
  left join {{ ref('snap_odoo__configuration') }} as currency
    on currency.client_id = hanging.client_id and currency.entity = 'res.currency' and currency.record_id = hanging.odoo_currency_id
    and currency.related_id = 0 and {{ held_at('currency', 'hanging.as_of_at') }}
),

by_kind as (
  select client_id, model, record_id, kind, jsonb_object_agg(currency, amount) filter (where amount <> 0) as amounts,
    sum(document_count) as document_count
  from (
    select client_id, model, record_id, kind, currency, sum(amount) as amount, sum(document_count) as document_count
    from named group by 1, 2, 3, 4, 5
  ) as summed
  group by 1, 2, 3, 4
)

select client_id, model, record_id, sum(document_count)::bigint as document_count,
  coalesce(jsonb_object_agg(kind, amounts) filter (where amounts is not null), '{}') as amounts
from by_kind
group by client_id, model, record_id
