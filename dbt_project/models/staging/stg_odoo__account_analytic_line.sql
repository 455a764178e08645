select
  client_id,
  id as odoo_line_id,
  date as worked_on,
  unit_amount as hours,
  project_id as odoo_project_id,
  task_id as odoo_task_id,
  coalesce(ticket_id, helpdesk_ticket_id) as odoo_ticket_id,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'account_analytic_line') }}
