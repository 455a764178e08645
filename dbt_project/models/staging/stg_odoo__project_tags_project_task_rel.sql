select
  client_id,
  project_task_id as odoo_task_id,
  project_tags_id as odoo_tag_id,
  _deleted_at as deleted_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'project_tags_project_task_rel') }}
