{{ config(indexes=[{'columns': ['client_id', 'odoo_user_id']}]) }}

with document as (
  select document.*, coalesce(contact.commercial_odoo_partner_id, document.odoo_partner_id) as vendor_odoo_partner_id
  from {{ ref('int_access__document') }} as document
  left join {{ ref('stg_odoo__res_partner') }} as contact
    on contact.client_id = document.client_id and contact.odoo_partner_id = document.odoo_partner_id
),

done as (
  select client_id, kind || ' created' as act, model, record_id, vendor_odoo_partner_id, amount, odoo_currency_id,
    created_by_odoo_user_id as odoo_user_id, created_at as acted_at
  from document
  where kind <> 'goods'
  union all
  select document.client_id, document.kind || ' ' || change.act, document.model, document.record_id,
    document.vendor_odoo_partner_id, document.amount, document.odoo_currency_id, change.odoo_user_id, change.acted_at
  from {{ ref('int_access__state_change') }} as change
  join document
    on document.client_id = change.client_id and document.model = change.model and document.record_id = change.record_id
)

select
  done.client_id, done.act, done.model, done.record_id, done.vendor_odoo_partner_id, done.amount,
  currency.content ->> 'name' as currency, done.odoo_user_id, max(done.acted_at) as acted_at
from done
join {{ ref('int_review__period') }} as period on period.client_id = done.client_id
left join {{ ref('snap_odoo__configuration') }} as currency
  on currency.client_id = done.client_id and currency.entity = 'res.currency' and currency.record_id = done.odoo_currency_id
  and currency.related_id = 0 and {{ held_at('currency', 'period.as_of_at') }}
-- The superuser is the system: what it makes nobody made.
where done.odoo_user_id > 1
  and done.vendor_odoo_partner_id is not null
  and done.acted_at < period.as_of_at
  and done.acted_at >= period.as_of_at - make_interval(days => {{ policy('sod_look_back_days') }}::integer)
group by 1, 2, 3, 4, 5, 6, 7, 8
