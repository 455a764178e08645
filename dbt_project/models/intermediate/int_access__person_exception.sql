{# What is wrong with people and their accounts, whatever they may do. Whether a rule can be judged is not asked here. #}
with person as (
  select * from {{ ref('int_access__person') }} where user_kind <> 'superuser'
),

active as (
  select * from person where is_active
),

staff as (
  select * from active where user_kind = 'internal' and not is_service_account and not is_reading_account
),

outside as (
  select active.client_id, active.odoo_user_id, array_agg(entered.id order by entered.id) as company_ids
  from active
  cross join lateral unnest(active.entered_company_ids) as entered (id)
  where not active.is_service_account
    and cardinality(active.employee_company_ids) > 0
    and not exists (
      select from {{ ref('int_access__company_below') }} as unit
      where unit.client_id = active.client_id and unit.odoo_company_id = any (active.employee_company_ids)
        and unit.below_odoo_company_id = entered.id
    )
  group by active.client_id, active.odoo_user_id
),

found as (
  select client_id, odoo_user_id, 'leaver_still_active' as rule, left_at as since_at,
    case when left_on is null then 'archived as an employee' else 'left on ' || left_on end as detail
  from active where has_left

  union all
  select client_id, odoo_user_id, 'stale',
    last_login_at + case user_kind
      when 'internal' then {{ access_days('stale', 'internal_days') }} else {{ access_days('stale', 'share_days') }} end,
    'last login on ' || (last_login_at at time zone timezone)::date
  from active
  where not is_service_account and last_login_at < as_of_at - case user_kind
    when 'internal' then {{ access_days('stale', 'internal_days') }} else {{ access_days('stale', 'share_days') }} end

  union all
  select client_id, odoo_user_id, 'never_logged_in', created_at + {{ access_days('never_logged_in') }},
    'made on ' || (created_at at time zone timezone)::date
  from active
  where last_login_at is null and not is_service_account and not is_reading_account
    and created_at < as_of_at - {{ access_days('never_logged_in') }}

  union all
  select client_id, odoo_user_id, 'no_employee', created_at, 'no employee names this user'
  from staff where employee_state = 'none'

  union all
  select client_id, odoo_user_id, 'manager_missing', null, 'the employee has no manager and leads nobody'
  from staff
  where employee_state = 'active' and not has_left and manager_odoo_employee_id is null and not leads_others

  union all
  select client_id, odoo_user_id, 'manager_left', manager_left_at, 'the manager has left'
  from staff
  where employee_state = 'active' and not has_left and manager_odoo_employee_id is not null and not has_manager

  union all
  select active.client_id, active.odoo_user_id, 'no_second_factor', factor.since_at, 'no second factor is set up in Odoo'
  from active
  join {{ ref('int_access__second_factor') }} as factor
    on factor.client_id = active.client_id and factor.odoo_user_id = active.odoo_user_id and factor.second_factor = 'none'
  where not active.is_service_account and not active.is_reading_account
    and exists (
      select from {{ ref('int_access__user_set') }} as holder
      join {{ ref('int_access__set_group') }} as held
        on held.client_id = holder.client_id and held.group_set_id = holder.group_set_id and held.is_held
      join {{ ref('int_access__group') }} as known
        on known.client_id = held.client_id and known.odoo_group_id = held.odoo_group_id
      where holder.client_id = active.client_id and holder.odoo_user_id = active.odoo_user_id
        and known.external_ids && array({{ policy_words('access.no_second_factor.groups') }})
    )

  union all
  select client_id, odoo_user_id, 'api_key_old', oldest_api_key_at + {{ access_days('api_key_old') }},
    api_key_count || ' API keys, the oldest of ' || (oldest_api_key_at at time zone timezone)::date
  from active where oldest_api_key_at < as_of_at - {{ access_days('api_key_old') }}

  union all
  select client_id, odoo_user_id, 'api_key_of_leaver', greatest(left_at, oldest_api_key_at), api_key_count || ' API keys'
  from person where has_left and api_key_count > 0

  union all
  select client_id, odoo_user_id, 'company_outside_unit', null,
    'may enter companies ' || array_to_string(company_ids, ', ') || ' outside of the employee''s own'
  from outside

  union all
  -- In the quarter under review only: what was done long ago is no news.
  select person.client_id, person.odoo_user_id, 'slow_deactivation', person.left_at + {{ access_days('slow_deactivation') }},
    'deactivated ' || extract(day from person.deactivated_at - person.left_at)::integer || ' days after leaving'
  from person
  join {{ ref('int_review__period') }} as period on period.client_id = person.client_id
  where not person.is_active and person.has_left and person.left_on is not null
    and person.deactivated_at >= period.quarter_starts_at
    and person.deactivated_at > person.left_at + {{ access_days('slow_deactivation') }}
)

select
  found.client_id,
  found.odoo_user_id,
  found.rule,
  found.since_at,
  found.detail,
  array['res.users,' || found.odoo_user_id]
    || case when found.rule in ('leaver_still_active', 'slow_deactivation', 'manager_missing', 'manager_left', 'company_outside_unit')
      then array(select person.employee_source || ',' || id from unnest(person.odoo_employee_ids) as linked (id)) else array[]::text[] end
    || case when found.rule = 'manager_left' then array[person.employee_source || ',' || person.manager_odoo_employee_id] else array[]::text[] end
    || case when found.rule in ('api_key_old', 'api_key_of_leaver')
      then array(select 'res.users.apikeys,' || id from unnest(person.odoo_key_ids) as owned (id)) else array[]::text[] end
    || case when found.rule = 'company_outside_unit'
      then array(select 'res.company,' || id from unnest(outside.company_ids) as entered (id)) else array[]::text[] end
    as evidence_ids
from found
join person on person.client_id = found.client_id and person.odoo_user_id = found.odoo_user_id
left join outside on outside.client_id = found.client_id and outside.odoo_user_id = found.odoo_user_id
