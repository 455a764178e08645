{# Acts of every side by one user on one vendor, the last of them in the quarter under review. #}
with done as (
  select distinct act.client_id, act.odoo_user_id, act.vendor_odoo_partner_id, side.rule, side.side_number, side.side_count,
    act.model, act.record_id, act.amount, act.currency, act.acted_at
  from {{ ref('int_access__act') }} as act
  join {{ ref('int_access__sod_side') }} as side on act.act = any (side.acts)
),

vendor_of_all_sides as (
  select done.client_id, done.odoo_user_id, done.vendor_odoo_partner_id, done.rule
  from done
  join {{ ref('int_review__period') }} as period on period.client_id = done.client_id
  group by done.client_id, done.odoo_user_id, done.vendor_odoo_partner_id, done.rule
  having count(distinct done.side_number) = min(done.side_count) and max(done.acted_at) >= min(period.quarter_starts_at)
),

-- A document that was created and posted is one document.
documents as (
  select distinct client_id, odoo_user_id, rule, model, record_id, amount, currency
  from done
  join vendor_of_all_sides using (client_id, odoo_user_id, vendor_odoo_partner_id, rule)
),

amounts as (
  select client_id, odoo_user_id, rule, jsonb_object_agg(model, by_currency) as amounts
  from (
    select client_id, odoo_user_id, rule, model, jsonb_object_agg(currency, amount order by currency) as by_currency
    from (
      select client_id, odoo_user_id, rule, model, currency, sum(amount) as amount
      from documents where amount is not null and currency is not null
      group by client_id, odoo_user_id, rule, model, currency
    ) as summed
    group by client_id, odoo_user_id, rule, model
  ) as grouped
  group by client_id, odoo_user_id, rule
)

select
  documents.client_id,
  documents.odoo_user_id,
  documents.rule,
  array_agg(documents.model || ',' || documents.record_id order by documents.model, documents.record_id) as document_ids,
  coalesce(min(amounts.amounts::text)::jsonb, '{}') as amounts
from documents
left join amounts using (client_id, odoo_user_id, rule)
group by documents.client_id, documents.odoo_user_id, documents.rule
