with found as (
  select * from {{ ref('int_access__person_exception') }}
  union all
  select * from {{ ref('int_access__group_exception') }}
),

-- The line of the policy, without the lists that speak of other clients.
policy as (
  select split_part(setting, '.', 2) as rule,
    split_part(setting, '.', 2) || ': {'
      || string_agg(split_part(setting, '.', 3) || ': ' || value::text, ', ' order by split_part(setting, '.', 3)) || '}' as line
  from {{ source('ops', 'policy_setting') }}
  where build_id = {{ build_id() }} and setting like 'access.%.%' and setting not like '%.named' and setting not like '%.mfa\_at\_idp'
  group by split_part(setting, '.', 2)
),

exempted as (
  select distinct on (client, "user", rule) client, "user" as login, rule, owner, reason, until
  from jsonb_to_recordset({{ policy_json('access.exemptions') }})
    as entry (client text, "user" text, rule text, owner text, reason text, until date)
  order by client, "user", rule, until desc
)

select
  found.client_id,
  rules.quarter,
  found.odoo_user_id,
  found.rule,
  rules.severity,
  found.since_at,
  found.detail,
  found.evidence_ids,
  'config/policies/access.yml: ' || policy.line as policy,
  exempted.login is not null as is_exempt,
  exempted.owner as exempt_owner,
  exempted.reason as exempt_reason,
  exempted.until as exempt_until_on,
  rules.as_of_at
from found
join {{ ref('access_rule') }} as rules
  on rules.client_id = found.client_id and rules.policy = 'access.yml' and rules.rule = found.rule and rules.is_judged
join {{ ref('int_access__person') }} as person
  on person.client_id = found.client_id and person.odoo_user_id = found.odoo_user_id
join policy on policy.rule = found.rule
left join exempted
  on exempted.client = found.client_id and exempted.login = person.login and exempted.rule = found.rule
  and exempted.until >= person.as_of_on
