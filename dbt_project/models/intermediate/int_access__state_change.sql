{# Who posted, confirmed or received: a document's own stamps name only its last writer, its tracked changes each of them. #}
with wanted (model, value, act) as (
  values
    ('account.move', 'posted', 'posted'),
    ('account.payment', 'posted', 'posted'),
    ('account.payment', 'in_process', 'posted'),
    ('account.payment', 'paid', 'posted'),
    ('purchase.order', 'purchase', 'confirmed'),
    ('stock.picking', 'done', 'received')
),

labelled as (
  select wanted.act, wanted.model, field.client_id, selection.label
  from wanted
  join {{ ref('stg_odoo__ir_model_fields') }} as field
    -- Up to 17.0 a payment has its state from its entry.
    on field.field_name = 'state' and field.model in (wanted.model, replace(wanted.model, 'account.payment', 'account.move'))
  join {{ ref('stg_odoo__ir_model_fields_selection') }} as selection
    on selection.client_id = field.client_id and selection.odoo_field_id = field.odoo_field_id and selection.value = wanted.value
),

changed as (
  select
    tracking.client_id, message.model, message.record_id, message.created_by_odoo_user_id as odoo_user_id,
    tracking.new_value_label,
    -- Imports bring messages with the date of the event.
    coalesce(message.sent_at, tracking.created_at) as acted_at,
    row_number() over (
      partition by tracking.client_id, message.model, message.record_id
      order by coalesce(message.sent_at, tracking.created_at) desc, tracking.odoo_tracking_id desc
    ) = 1 as is_last
  from {{ ref('stg_odoo__mail_tracking_value') }} as tracking
  join {{ ref('int_review__period') }} as period on period.client_id = tracking.client_id
  join {{ ref('stg_odoo__ir_model_fields') }} as field
    on field.client_id = tracking.client_id and field.odoo_field_id = tracking.odoo_field_id and field.field_name = 'state'
  join {{ ref('stg_odoo__mail_message') }} as message
    on message.client_id = tracking.client_id and message.odoo_message_id = tracking.odoo_message_id
    and message.model in (select model from wanted)
  where coalesce(message.sent_at, tracking.created_at) < period.as_of_at
    and coalesce(message.sent_at, tracking.created_at) >= period.as_of_at - make_interval(days => {{ policy('sod_look_back_days') }}::integer)
),

current_state as (
  select client_id, 'account.move' as model, odoo_move_id as record_id, state from {{ ref('stg_odoo__account_move') }}
  union all
  select client_id, 'account.payment', odoo_payment_id, state from {{ ref('stg_odoo__account_payment') }}
  union all
  select client_id, 'purchase.order', odoo_purchase_id, state from {{ ref('stg_odoo__purchase_order') }}
  union all
  select client_id, 'stock.picking', odoo_picking_id, state from {{ ref('stg_odoo__stock_picking') }}
)

select distinct changed.client_id, changed.model, changed.record_id, wanted.act, changed.odoo_user_id, changed.acted_at
from changed
join wanted on wanted.model = changed.model
where exists (
    select from labelled
    where labelled.client_id = changed.client_id and labelled.model = changed.model and labelled.act = wanted.act
      and labelled.label = changed.new_value_label
  )
  -- Labels are in the language of whoever changed it. Of the last change the document itself says what it led to.
  or (changed.is_last and exists (
    select from current_state
    where current_state.client_id = changed.client_id and current_state.model = changed.model
      and current_state.record_id = changed.record_id and current_state.state = wanted.value
  ))
