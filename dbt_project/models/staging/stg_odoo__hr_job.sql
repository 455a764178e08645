select
  client_id,
  id as odoo_job_id,
  name as job_name,
  _deleted_at as deleted_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'hr_job') }}
