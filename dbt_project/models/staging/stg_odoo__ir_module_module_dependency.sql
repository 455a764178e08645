select
  client_id,
  id as odoo_dependency_id,
  module_id as odoo_module_id,
  name as needed_module_name,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'ir_module_module_dependency') }}
