select
  client_id,
  id as odoo_sla_status_id,
  ticket_id as odoo_ticket_id,
  sla_id as odoo_sla_id,
  deadline as deadline_at,
  reached_datetime as reached_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'helpdesk_sla_status') }}
