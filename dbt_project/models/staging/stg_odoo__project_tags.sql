select
  client_id,
  id as odoo_tag_id,
  name as tag_name,
  create_date as created_at,
  write_date as updated_at,
  _deleted_at as deleted_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'project_tags') }}
