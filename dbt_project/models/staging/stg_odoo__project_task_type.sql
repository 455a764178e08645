select
  client_id,
  id as odoo_stage_id,
  name as stage_name,
  sequence,
  fold as is_folded,
  active as is_active,
  create_date as created_at,
  write_date as updated_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'project_task_type') }}
