select
  client_id::text as client_id,
  quarter::text as quarter,
  baseline::text as baseline,
  baseline_on::date as baseline_on,
  baseline_at::timestamptz as baseline_at,
  area::text as area,
  origin::text as origin,
  difference_count::bigint as difference_count,
  explained_count::bigint as explained_count,
  unexplained_count::bigint as unexplained_count,
  lost_at_update_count::bigint as lost_at_update_count,
  as_of_at::timestamptz as as_of_at,
  {{ build_id() }} as build_id
from {{ ref('drift_config_drift') }}
