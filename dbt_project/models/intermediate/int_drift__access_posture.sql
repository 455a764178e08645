with rules as (
  select client_id, count(*) as rule_count, count(*) filter (where is_judged) as judged_count
  from {{ ref('access_rule') }}
  where policy = 'access.yml'
  group by client_id
),

found as (
  select client_id, count(distinct odoo_user_id) as user_count, count(*) as exception_count
  from {{ ref('access_exception') }}
  where not is_exempt
  group by client_id
),

-- An earlier moment can be told where both this client's history and that of exceptions reach it.
told as (
  select period.client_id, period.as_of_at - interval '{{ var("signal_span_days") }} days' as before_at
  from {{ ref('int_review__period') }} as period
  where period.as_of_at - interval '{{ var("signal_span_days") }} days' >= (
      select min(dbt_valid_from) from {{ ref('snap_access__exception') }})
    and period.as_of_at - interval '{{ var("signal_span_days") }} days' >= (
      select min(dbt_valid_from) from {{ ref('snap_odoo__res_users') }} as known where known.client_id = period.client_id)
),

before as (
  select told.client_id, count(distinct spell.odoo_user_id) as user_count
  from told
  left join {{ ref('access_exception_history') }} as spell
    on spell.client_id = told.client_id and not spell.is_exempt
    and spell.opened_at <= told.before_at and (spell.closed_at is null or spell.closed_at > told.before_at)
  group by told.client_id
)

select
  rules.client_id,
  rules.rule_count,
  rules.judged_count,
  case when rules.judged_count > 0 then coalesce(found.user_count, 0) end as user_count,
  case when rules.judged_count > 0 then before.user_count end as previous_user_count,
  coalesce(found.exception_count, 0) as exception_count
from rules
left join found on found.client_id = rules.client_id
left join before on before.client_id = rules.client_id
