select
  client_id,
  id as odoo_message_id,
  model,
  res_id as record_id,
  date as sent_at,
  message_type,
  author_id as author_odoo_partner_id,
  create_uid as created_by_odoo_user_id,
  _deleted_at is not null as is_deleted,
  _read_at as read_at
from {{ source('raw', 'mail_message') }}
