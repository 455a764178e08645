select client_id, odoo_partner_id
from {{ ref('stg_odoo__res_users') }}
-- User 1 is OdooBot: what it writes, nobody wrote. People who left were staff when they answered.
where not is_share and odoo_user_id <> 1 and odoo_partner_id is not null
group by client_id, odoo_partner_id
