select
  client_id,
  id as odoo_user_id,
  has_second_factor,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'driftline_second_factor') }}
