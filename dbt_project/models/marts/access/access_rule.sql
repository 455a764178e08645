{# Which rules can be judged: an empty list of exceptions means something only where one could. #}
with rules as (
  select 'access.yml' as policy, split_part(setting, '.', 2) as rule, null as title, value #>> '{}' as severity, null as needs_module
  from {{ source('ops', 'policy_setting') }}
  where build_id = {{ build_id() }} and setting like 'access.%.severity'
  union all
  select 'sod.yml', split_part(setting, '.', 2), value ->> 'title', value ->> 'severity', value ->> 'needs_module'
  from {{ source('ops', 'policy_setting') }}
  where build_id = {{ build_id() }} and setting like 'sod.%'
),

-- Without access rows nobody could do anything: they were not read.
permitted as (
  select distinct client_id from {{ ref('int_access__permission') }}
),

linked as (
  select client_id,
    count(*) filter (where user_kind = 'internal' and is_active) as staff_count,
    count(*) filter (where user_kind = 'internal' and is_active and employee_state in ('active', 'archived')) as linked_count
  from {{ ref('int_access__person') }}
  where not is_service_account and not is_reading_account
  group by client_id
),

watched as (
  select client_id, min(dbt_valid_from) as begins_at from {{ ref('snap_odoo__res_users') }} group by client_id
),

-- Over the network the reading account may be kept from a model.
unread as (
  select client_id, model from {{ ref('int_review__model_state') }} where not is_present
),

judged as (
  select
    period.client_id, period.quarter, rules.policy, rules.rule, rules.title, rules.severity, period.as_of_at,
    case
      when linked.client_id is null then 'nothing is known of this client''s users at that moment'
      when permitted.client_id is null
        and (rules.policy = 'sod.yml' or rules.rule in ('powers_with_business', 'portal_with_internal_rights'))
        then 'access rows are not known'
      when rules.needs_module is not null and not exists (
        select from {{ ref('snap_odoo__ir_module_module') }} as module
        where module.client_id = period.client_id and module.module_name = rules.needs_module and not module.is_deleted
          and module.state in ('installed', 'to upgrade', 'to remove') and {{ held_at('module', 'period.as_of_at') }}
      ) then 'module ' || rules.needs_module || ' is not installed: this Odoo does not know one of the sides'
      when rules.rule in ('leaver_still_active', 'no_employee', 'manager_missing', 'manager_left', 'api_key_of_leaver',
          'role_creep', 'company_outside_unit', 'slow_deactivation') then
        case
          when told.employee_source is null then 'this client keeps no employees in Odoo, and no staff list was handed in'
          when linked.staff_count = 0 then 'there is no active internal user'
          when told.employee_source = 'hr.employee' and 100.0 * linked.linked_count / linked.staff_count < {{ policy('access.linked_users_pct') }}
            then 'only ' || linked.linked_count || ' of ' || linked.staff_count || ' active internal users are linked to an employee'
          when rules.rule in ('role_creep', 'slow_deactivation') and watched.begins_at >= period.as_of_at
            then 'the history begins with this night'
          when rules.rule = 'api_key_of_leaver' and hidden_keys.client_id is not null then 'API keys cannot be read'
        end
      when rules.rule = 'api_key_old' and hidden_keys.client_id is not null then 'API keys cannot be read'
      when rules.rule in ('stale', 'never_logged_in') and hidden_logins.client_id is not null then 'logins cannot be read'
      when rules.rule = 'administrator_not_named' and not {{ policy_json('access.administrator_not_named.named') }} ? period.client_id
        then 'access.yml names no administrators of this client'
      when rules.rule = 'no_second_factor' and not {{ policy_json('access.no_second_factor.mfa_at_idp') }} ? period.client_id
          and factors.is_present is not true
        then 'this client does not show who has a second factor (driftline grants --second-factor)'
      when rules.rule in ('group_without_approval', 'joiner_without_approval') and watched.begins_at >= period.as_of_at
        then 'the history begins with this night'
      when rules.rule in ('implied_not_stored', 'stored_not_implied') then
        case
          when version.major is null then 'the Odoo version is not known'
          when version.major >= 19 then 'from 19.0 implied memberships are not stored'
          when rules.rule = 'stored_not_implied' and watched.begins_at >= period.as_of_at then 'the history begins with this night'
        end
    end as reason
  from {{ ref('int_review__period') }} as period
  cross join rules
  left join linked on linked.client_id = period.client_id
  left join permitted on permitted.client_id = period.client_id
  left join watched on watched.client_id = period.client_id
  left join {{ ref('int_review__odoo_version') }} as version on version.client_id = period.client_id
  left join {{ ref('int_access__employee_source') }} as told on told.client_id = period.client_id
  left join {{ ref('int_review__model_state') }} as factors
    on factors.client_id = period.client_id and factors.model = 'driftline.second.factor'
  left join unread as hidden_keys on hidden_keys.client_id = period.client_id and hidden_keys.model = 'res.users.apikeys'
  left join unread as hidden_logins on hidden_logins.client_id = period.client_id and hidden_logins.model = 'res.users.log'
)

select client_id, quarter, policy, rule, title, severity, reason is null as is_judged, coalesce(reason, '') as reason, as_of_at
from judged
