select
  client_id::text as client_id,
  quarter::text as quarter,
  signal::text as signal,
  value::double precision as value,
  unit::text as unit,
  previous_value::double precision as previous_value,
  watch_from::double precision as watch_from,
  act_from::double precision as act_from,
  verdict::text as verdict,
  reason::text as reason,
  evidence_count::bigint as evidence_count,
  as_of_at::timestamptz as as_of_at,
  {{ build_id() }} as build_id
from {{ ref('drift_signal') }}
