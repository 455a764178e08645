{{ config(indexes=[{'columns': ['client_id', 'odoo_group_id']}]) }}

select implication.client_id, implication.odoo_group_id, implication.implied_odoo_group_id
from {{ ref('snap_odoo__res_groups_implied_rel') }} as implication
join {{ ref('int_review__period') }} as period on period.client_id = implication.client_id
where not implication.is_deleted
  and {{ held_at('implication', 'period.as_of_at') }}
  and implication.odoo_group_id <> implication.implied_odoo_group_id
