-- Everything a group implies, directly or not, for clients whose memberships moved.
with recursive moved as (
  select distinct client_id from {{ ref('int_drift__change') }} where entity = 'res.groups.users.rel'
),

direct as (
  select implication.client_id, implication.odoo_group_id, implication.implied_odoo_group_id
  from {{ ref('stg_odoo__res_groups_implied_rel') }} as implication
  join moved on moved.client_id = implication.client_id
),

reached as (
  select client_id, odoo_group_id, implied_odoo_group_id from direct
  union
  select reached.client_id, reached.odoo_group_id, direct.implied_odoo_group_id
  from reached
  join direct on direct.client_id = reached.client_id and direct.odoo_group_id = reached.implied_odoo_group_id
)

select client_id, odoo_group_id, implied_odoo_group_id from reached where odoo_group_id <> implied_odoo_group_id
