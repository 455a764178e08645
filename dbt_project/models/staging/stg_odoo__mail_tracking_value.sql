select
  client_id,
  id as odoo_tracking_id,
  field_id as odoo_field_id,
  mail_message_id as odoo_message_id,
  old_value_integer as old_value,
  new_value_integer as new_value,
  new_value_label,
  create_date as created_at,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'mail_tracking_value') }}
