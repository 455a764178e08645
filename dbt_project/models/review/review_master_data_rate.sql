select
  client_id::text as client_id,
  quarter::text as quarter,
  model::text as model,
  rule::text as rule,
  title::text as title,
  kind::text as kind,
  severity::text as severity,
  is_judged::boolean as is_judged,
  reason::text as reason,
  looked_at_count::bigint as looked_at_count,
  found_count::bigint as found_count,
  waived_count::bigint as waived_count,
  rate_pct::double precision as rate_pct,
  previous_rate_pct::double precision as previous_rate_pct,
  as_of_at::timestamptz as as_of_at,
  {{ build_id() }} as build_id
from {{ ref('masterdata_rate') }}
