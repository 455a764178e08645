select
  client.client_id,
  {{ build_id() }} as build_id,
  {{ build_as_of_at() }} as as_of_at,
  '{{ var("quarter", "") }}'::text as quarter,
  '{{ var("code_sha256", "") }}'::text as code_sha256,
  (select system_identifier::text from pg_control_system()) as server,
  -- Every row that a transaction from here on writes may be new to the next build.
  pg_snapshot_xmin(pg_current_snapshot())::text::bigint as seen_before,
  concat_ws('|',
    client.is_available, client.timezone, (select business_hours::text from {{ source('ops', 'client') }} as it where it.client_id = client.client_id),
    (select policy::text from {{ ref('int_tickets__policy') }} as policy where policy.client_id = client.client_id),
    (select md5(string_agg(row(position, priority, from_on, until_on, clock, response_hours, resolution_hours)::text, ',' order by target.client_id, position))
      from {{ source('ops', 'ticket_target') }} as target where build_id = {{ build_id() }} and target.client_id in ('', client.client_id)),
    {{ hash_of_rows(ref('stg_odoo__res_company'), 'odoo_company_id, odoo_calendar_id, is_deleted') }},
    {{ hash_of_rows(ref('stg_odoo__resource_calendar'), 'odoo_calendar_id, timezone, is_two_weeks, is_flexible, is_deleted') }},
    {{ hash_of_rows(ref('stg_odoo__resource_calendar_attendance'), 'odoo_attendance_id, odoo_calendar_id, iso_weekday, hour_from, hour_to, day_period, week_type, display_type, valid_from_on, valid_until_on, odoo_resource_id, is_deleted') }},
    {{ hash_of_rows(ref('stg_odoo__resource_calendar_leaves'), 'odoo_leave_id, odoo_calendar_id, odoo_resource_id, starts_at, ends_at, is_deleted') }}
  ) as rules,
  concat_ws('|',
    {{ hash_of_rows(ref('int_tickets__stage'), 'ticket_model, odoo_stage_id, stage_name, is_closing, outcome, is_resolved, is_waiting, holds_from, holds_until') }},
    {{ hash_of_rows(ref('int_tickets__staff'), 'odoo_partner_id') }},
    {{ hash_of_rows(ref('stg_odoo__ir_model_fields'), 'odoo_field_id, model, field_name', "model in ('helpdesk.ticket', 'project.task') and field_name in ('stage_id', 'state', 'user_id', 'user_ids')") }},
    {{ hash_of_rows(ref('stg_odoo__ir_model_data'), 'record_id, external_name', "model = 'mail.message.subtype' and module_name = 'mail' and external_name in ('mt_note', 'mt_activities')") }}
  ) as home_rules
from {{ ref('int_tickets__source') }} as client
