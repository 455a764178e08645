select
  client_id,
  id as odoo_key_id,
  user_id as odoo_user_id,
  scope,
  expiration_date as expires_at,
  create_date as created_at,
  _deleted_at as deleted_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'res_users_apikeys') }}
