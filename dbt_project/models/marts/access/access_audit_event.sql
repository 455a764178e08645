with events as (
  select nightly.client_id, nightly.area, nightly.basis, nightly.source_id, nightly.model, nightly.record_id, nightly.related_id,
    nightly.action, nightly.what, nightly.fields, nightly.changed_at, nightly.seen_at, nightly.odoo_user_id
  from {{ ref('int_access__audit_nightly') }} as nightly
  -- What was logged when it happened is not told a second time as the night saw it.
  where not exists (
    select from {{ ref('int_access__audit_logged') }} as logged
    where logged.client_id = nightly.client_id and logged.model = nightly.model and logged.record_id = nightly.record_id
      and nightly.related_id = 0 and logged.changed_at <= nightly.seen_at
      and logged.changed_at > coalesce(nightly.before_at, '-infinity')
  )
  union all
  select * from {{ ref('int_access__audit_document') }}
  union all
  select * from {{ ref('int_access__audit_logged') }}
),

administrators as (
  select client_id, odoo_user_id from {{ ref('access_capability') }} where area = 'administration' group by client_id, odoo_user_id
),

local as (
  select events.*, period.quarter, period.as_of_at,
    events.changed_at at time zone period.timezone as changed_local_at,
    {{ policy_json('access_review.working_hours') }} as working,
    coalesce({{ policy_json('access_review.support_firm') }} -> events.client_id, '[]') as support_firm
  from events
  join {{ ref('int_review__period') }} as period on period.client_id = events.client_id
)

select
  local.client_id,
  local.quarter,
  md5(concat_ws('|', local.client_id, local.area, local.basis, local.source_id)) as event_id,
  local.area,
  local.basis,
  local.model,
  local.record_id || case when local.related_id > 0 then ',' || local.related_id else '' end as record_key,
  local.action,
  local.what,
  local.fields,
  local.changed_at,
  local.seen_at,
  local.odoo_user_id,
  person.login,
  not (
    local.working -> 'days' @> to_jsonb(extract(isodow from local.changed_local_at)::integer)
    and local.changed_local_at::time >= (local.working ->> 'from')::time
    and local.changed_local_at::time < (local.working ->> 'until')::time
  ) as is_outside_hours,
  case when local.odoo_user_id is not null then administrators.odoo_user_id is not null or local.odoo_user_id = 1 end
    as is_by_administrator,
  case when local.odoo_user_id is not null then coalesce(person.left_at <= coalesce(local.changed_at, local.seen_at), false) end
    as is_by_leaver,
  case when local.odoo_user_id is not null then exists (
    select from jsonb_array_elements_text(local.support_firm) as pattern (text) where person.login like pattern.text
  ) end as is_by_support_firm,
  local.as_of_at
from local
left join {{ ref('int_access__person') }} as person
  on person.client_id = local.client_id and person.odoo_user_id = local.odoo_user_id
left join administrators on administrators.client_id = local.client_id and administrators.odoo_user_id = local.odoo_user_id
