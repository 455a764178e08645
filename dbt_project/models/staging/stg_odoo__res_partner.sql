select
  client_id,
  id as odoo_partner_id,
  commercial_partner_id as commercial_odoo_partner_id,
  email_hash,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'res_partner') }}
