with rules as (
  select split_part(setting, '.', 2) as rule, value ->> 'about' as model, value ->> 'title' as title, value ->> 'kind' as kind,
    value ->> 'severity' as severity
  from {{ source('ops', 'policy_setting') }}
  where build_id = {{ build_id() }} and setting like 'masterdata\_rule.%'
),

-- Every rule; all rules of a model together as rule ''; everything as model ''.
asked as (
  select model, rule, title, kind, severity from rules
  union all
  select distinct model, '', 'All rules', null, null from rules
  union all
  select '', '', 'All records', null, null
),

counted as (
  select client_id, model, rule, record_count from {{ ref('int_masterdata__standing') }} where record_id = 0
  union all
  select client_id, '', '', sum(record_count) from {{ ref('int_masterdata__standing') }} where record_id = 0 and rule = '' group by client_id
),

-- An archived record that is found is in use all the same.
found as (
  select client_id, coalesce(model, '') as model, coalesce(rule, '') as rule,
    count(distinct (model, record_id)) filter (where not is_waived) as found_count,
    count(distinct (model, record_id)) filter (where is_waived) as waived_count,
    count(distinct (model, record_id)) filter (where not is_in_use) as archived_count
  from {{ ref('masterdata_exception') }}
  group by grouping sets ((client_id, model, rule), (client_id, model), (client_id))
),

put as (
  select period.client_id, period.quarter, period.previous_quarter, asked.*, period.as_of_at,
    counted.record_count + case when asked.rule = '' then coalesce(found.archived_count, 0) else 0 end as looked_at_count,
    coalesce(found.found_count, 0) as found_count,
    coalesce(found.waived_count, 0) as waived_count,
    case
      when counted.client_id is null and state.is_present is false
        then case state.verdict when 'hidden' then 'the account may not read ' else 'this Odoo has no ' end || asked.model
      when counted.client_id is null and not exists (select from counted as any_model where any_model.client_id = period.client_id)
        then 'nothing was looked at yet at that moment'
      when state.verdict = 'hidden' then 'the account may not read ' || asked.model
      when coalesce(counted.record_count, 0) + coalesce(found.archived_count, 0) = 0 then 'there is no record that it speaks of'
    end as reason
  from {{ ref('int_review__period') }} as period
  cross join asked
  left join counted on counted.client_id = period.client_id and counted.model = asked.model and counted.rule = asked.rule
  left join found on found.client_id = period.client_id and found.model = asked.model and found.rule = asked.rule
  left join {{ ref('int_review__model_state') }} as state on state.client_id = period.client_id and state.model = asked.model
)

select
  put.client_id,
  put.quarter,
  put.model,
  put.rule,
  put.title,
  put.kind,
  put.severity,
  put.reason is null as is_judged,
  coalesce(put.reason, '') as reason,
  case when put.reason is null then put.looked_at_count end::bigint as looked_at_count,
  case when put.reason is null then put.found_count end as found_count,
  case when put.reason is null then put.waived_count end as waived_count,
  case when put.reason is null then 100.0 * put.found_count / put.looked_at_count end::double precision as rate_pct,
  before.rate_pct as previous_rate_pct,
  put.as_of_at
from put
left join {{ source('review', 'master_data_rate') }} as before
  on before.client_id = put.client_id and before.quarter = put.previous_quarter and before.model = put.model and before.rule = put.rule
