select
  rules.client_id::text as client_id,
  rules.quarter::text as quarter,
  rules.policy::text as policy,
  rules.rule::text as rule,
  rules.severity::text as severity,
  rules.is_judged,
  rules.reason::text as reason,
  case when rules.is_judged then (
    select count(*) from {{ ref('review_access_exception') }} as found
    where found.client_id = rules.client_id and found.policy = rules.policy and found.rule = rules.rule
  ) end as found_count,
  rules.as_of_at::timestamptz as as_of_at,
  {{ build_id() }} as build_id
from {{ ref('access_rule') }} as rules
