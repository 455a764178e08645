with recursive company as (
  select kept.client_id, kept.record_id as odoo_company_id, (kept.content ->> 'parent_id')::bigint as parent_odoo_company_id
  from {{ ref('snap_odoo__configuration') }} as kept
  join {{ ref('int_review__period') }} as period on period.client_id = kept.client_id
  where kept.entity = 'res.company' and kept.record_id > 0 and not kept.is_deleted and {{ held_at('kept', 'period.as_of_at') }}
),

reached as (
  select client_id, odoo_company_id, odoo_company_id as below_odoo_company_id from company
  union
  select reached.client_id, reached.odoo_company_id, company.odoo_company_id
  from reached
  join company
    on company.client_id = reached.client_id and company.parent_odoo_company_id = reached.below_odoo_company_id
)

select client_id, odoo_company_id, below_odoo_company_id from reached
