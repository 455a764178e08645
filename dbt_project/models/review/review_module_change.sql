select
  client_id::text as client_id,
  quarter::text as quarter,
  module::text as module,
  changed_at::timestamptz as changed_at,
  change::text as change,
  before_state::text as before_state,
  after_state::text as after_state,
  before_version::text as before_version,
  after_version::text as after_version,
  as_of_at::timestamptz as as_of_at,
  {{ build_id() }} as build_id
from {{ ref('drift_module_change') }}
