with memberships as (
  select
    client_id,
    odoo_user_id,
    count(*) as group_count,
    array_agg(group_name order by group_name collate "C", odoo_group_id) as group_names
  from {{ ref('access_effective_group') }}
  group by client_id, odoo_user_id
),

-- A device is what Odoo tells devices apart by: platform, browser and kind.
devices as (
  select log.client_id, log.odoo_user_id, max(least(log.last_active_at, period.as_of_at)) as last_active_at,
    count(distinct concat_ws('|', coalesce(log.platform, ''), coalesce(log.browser, ''), coalesce(log.device_type, ''))) as device_count
  from {{ ref('stg_odoo__res_device_log') }} as log
  join {{ ref('int_review__period') }} as period on period.client_id = log.client_id
  where log.is_revoked is not true and coalesce(log.first_active_at < period.as_of_at, true)
    and (log.deleted_at is null or log.deleted_at > period.as_of_at)
  group by log.client_id, log.odoo_user_id
)

select
  person.client_id,
  period.quarter,
  person.odoo_user_id,
  person.login,
  person.user_kind,
  person.is_active,
  coalesce(memberships.group_count, 0) as group_count,
  coalesce(memberships.group_names, array[]::text[]) as group_names,
  person.last_login_at,
  person.employee_state,
  person.created_at,
  person.deactivated_at,
  left_days.deactivation_days,
  left_days.is_deactivation_seen,
  person.is_service_account,
  person.is_reading_account,
  person.odoo_employee_ids,
  person.left_on,
  person.employee_source,
  person.department_name,
  person.job_name,
  person.manager_odoo_employee_id,
  manager.odoo_user_id as manager_odoo_user_id,
  person.entered_company_ids,
  person.api_key_count,
  person.oldest_api_key_at,
  person.api_key_expires_at,
  (
    select count(*) from {{ ref('stg_odoo__auth_totp_device') }} as device
    where device.client_id = person.client_id and device.odoo_user_id = person.odoo_user_id
      and {{ existed_at('device', 'person.as_of_at') }} and coalesce(device.expires_at > person.as_of_at, true)
  ) as trusted_device_count,
  case when logged.is_present then coalesce(devices.device_count, 0) end as device_count,
  devices.last_active_at as device_last_active_at,
  factor.second_factor,
  person.odoo_role_ids,
  person.as_of_at
from {{ ref('int_access__person') }} as person
join {{ ref('int_review__period') }} as period on period.client_id = person.client_id
left join {{ ref('stg_odoo__res_users') }} as known
  on known.client_id = person.client_id and known.odoo_user_id = person.odoo_user_id
join {{ ref('int_access__second_factor') }} as factor
  on factor.client_id = person.client_id and factor.odoo_user_id = person.odoo_user_id
cross join lateral (
  select
    -- Who was archived before the history began was so at the latest when the user's record was written last.
    case when person.has_left and person.left_on is not null then greatest(extract(epoch from
      case when person.is_active then person.as_of_at else coalesce(person.deactivated_at, least(known.updated_at, person.as_of_at)) end
      - person.left_at
    ) / 86400.0, 0)::double precision end as deactivation_days,
    case when person.has_left and person.left_on is not null and not person.is_active
      then person.deactivated_at is not null end as is_deactivation_seen
) as left_days
left join devices on devices.client_id = person.client_id and devices.odoo_user_id = person.odoo_user_id
left join {{ ref('int_review__model_state') }} as logged on logged.client_id = person.client_id and logged.model = 'res.device.log'
left join memberships
  on memberships.client_id = person.client_id and memberships.odoo_user_id = person.odoo_user_id
left join {{ ref('int_access__employee') }} as manager
  on manager.client_id = person.client_id and manager.odoo_employee_id = person.manager_odoo_employee_id
