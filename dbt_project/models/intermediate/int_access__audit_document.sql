{# What documents tell of themselves: bank accounts by their stamps, states of journal entries by their tracked changes,
   what is gone by its tombstone, and numbers that nothing has. #}
with label as (
  select field.client_id, selection.value, selection.label
  from {{ ref('stg_odoo__ir_model_fields') }} as field
  join {{ ref('stg_odoo__ir_model_fields_selection') }} as selection
    on selection.client_id = field.client_id and selection.odoo_field_id = field.odoo_field_id
  where field.model = 'account.move' and field.field_name = 'state'
),

tracked as (
  select tracking.client_id, tracking.odoo_tracking_id, message.record_id, message.created_by_odoo_user_id,
    coalesce(message.sent_at, tracking.created_at) as changed_at, tracking.new_value_label,
    row_number() over (
      partition by tracking.client_id, message.record_id
      order by coalesce(message.sent_at, tracking.created_at) desc, tracking.odoo_tracking_id desc) = 1 as is_last
  from {{ ref('stg_odoo__mail_tracking_value') }} as tracking
  join {{ ref('stg_odoo__ir_model_fields') }} as field
    on field.client_id = tracking.client_id and field.odoo_field_id = tracking.odoo_field_id
    and field.model = 'account.move' and field.field_name = 'state'
  join {{ ref('stg_odoo__mail_message') }} as message
    on message.client_id = tracking.client_id and message.odoo_message_id = tracking.odoo_message_id
    and message.model = 'account.move'
),

found as (
  select client_id, 'bank accounts' as area, 'derived nightly' as basis, 'made ' || odoo_bank_account_id as source_id,
    'res.partner.bank' as model, odoo_bank_account_id as record_id, 'created' as action,
    'bank account of contact ' || odoo_partner_id as what, created_at as changed_at, created_at as seen_at,
    created_by_odoo_user_id as odoo_user_id
  from {{ ref('stg_odoo__res_partner_bank') }}
  union all
  -- Odoo keeps the last writing alone; one within a second of the creation is the creation.
  select client_id, 'bank accounts', 'derived nightly', 'written ' || odoo_bank_account_id, 'res.partner.bank', odoo_bank_account_id,
    'changed', 'bank account of contact ' || odoo_partner_id, updated_at, updated_at, updated_by_odoo_user_id
  from {{ ref('stg_odoo__res_partner_bank') }} where updated_at > created_at + interval '1 second'
  union all
  select client_id, 'bank accounts', 'derived nightly', 'gone ' || odoo_bank_account_id, 'res.partner.bank', odoo_bank_account_id,
    'deleted', 'bank account of contact ' || odoo_partner_id, null, deleted_at, null
  from {{ ref('stg_odoo__res_partner_bank') }} where is_deleted
  union all
  select tracked.client_id, 'journal entries', 'logged', 'tracked ' || tracked.odoo_tracking_id, 'account.move', tracked.record_id,
    case coalesce(label.value, case when tracked.is_last then move.state end)
      when 'posted' then 'posted' when 'draft' then 'reset to draft' when 'cancel' then 'cancelled' else 'state changed' end,
    coalesce(nullif(move.move_name, '/'), 'entry ' || tracked.record_id), tracked.changed_at, tracked.changed_at,
    tracked.created_by_odoo_user_id
  from tracked
  left join label on label.client_id = tracked.client_id and label.label = tracked.new_value_label
  left join {{ ref('stg_odoo__account_move') }} as move
    on move.client_id = tracked.client_id and move.odoo_move_id = tracked.record_id
  union all
  select client_id, 'deleted records', 'derived nightly', 'gone ' || odoo_move_id, 'account.move', odoo_move_id, 'deleted',
    coalesce(nullif(move_name, '/'), 'entry ' || odoo_move_id), null, deleted_at, null
  from {{ ref('stg_odoo__account_move') }} where is_deleted
  union all
  select client_id, 'deleted records', 'derived nightly', 'gone payment ' || odoo_payment_id, 'account.payment', odoo_payment_id,
    'deleted', 'payment ' || odoo_payment_id, null, deleted_at, null
  from {{ ref('stg_odoo__account_payment') }} where is_deleted
  union all
  select client_id, 'deleted records', 'derived nightly', 'gone purchase ' || odoo_purchase_id, 'purchase.order', odoo_purchase_id,
    'deleted', 'purchase ' || odoo_purchase_id, null, deleted_at, null
  from {{ ref('stg_odoo__purchase_order') }} where is_deleted
  union all
  select client_id, 'sequence gaps', 'derived nightly', 'before ' || odoo_move_id, 'account.move', odoo_move_id, 'number missing',
    case when missing_from = missing_to then missing_from::text else missing_from || ' to ' || missing_to end
      || ' missing before ' || move_name,
    null, numbered_at, null
  from {{ ref('int_access__sequence_gap') }}
)

select found.client_id, found.area, found.basis, found.source_id, found.model, found.record_id, 0::bigint as related_id,
  found.action, found.what, array[]::text[] as fields, found.changed_at, found.seen_at, found.odoo_user_id
from found
join {{ ref('int_review__period') }} as period on period.client_id = found.client_id
where {{ in_quarter('found.seen_at') }}
