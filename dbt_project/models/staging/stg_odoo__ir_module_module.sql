select
  client_id,
  id as odoo_module_id,
  name as module_name,
  shortdesc as title,
  author,
  state,
  latest_version as installed_version,
  disk_version,
  license,
  application as is_application,
  auto_install as is_auto_install,
  create_date as created_at,
  write_date as updated_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'ir_module_module') }}
