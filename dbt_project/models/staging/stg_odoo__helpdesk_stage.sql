select
  client_id,
  id as odoo_stage_id,
  name as stage_name,
  active as is_active,
  coalesce(is_close, fold, false) as is_closed,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'helpdesk_stage') }}
