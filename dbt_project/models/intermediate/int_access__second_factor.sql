select
  person.client_id,
  person.odoo_user_id,
  case
    when {{ policy_json('access.no_second_factor.mfa_at_idp') }} ? person.client_id then 'at the identity provider'
    when shown.has_second_factor then 'set up'
    when not shown.has_second_factor then 'none'
    else 'n/a'
  end as second_factor,
  shown.dbt_valid_from as since_at
from {{ ref('int_access__person') }} as person
left join {{ ref('snap_odoo__driftline_second_factor') }} as shown
  on shown.client_id = person.client_id
  and shown.odoo_user_id = person.odoo_user_id
  and not shown.is_deleted
  and {{ held_at('shown', 'person.as_of_at') }}
