with versions as (
  select version.*, period.quarter, period.as_of_at,
    lag(version.is_open) over (
      partition by version.client_id, version.odoo_user_id, version.rule order by version.dbt_valid_from) as was_open
  from {{ ref('snap_access__exception') }} as version
  join {{ ref('int_review__period') }} as period on period.client_id = version.client_id
  where {{ stood('version') }} and version.dbt_valid_from <= period.as_of_at
),

-- Found again after it was closed, it is another one.
numbered as (
  select *,
    count(*) filter (where is_open and was_open is not true) over (
      partition by client_id, odoo_user_id, rule order by dbt_valid_from) as number
  from versions
),

told as (
  select distinct on (client_id, odoo_user_id, rule, number) *,
    min(dbt_valid_from) over spell as opened_at,
    min(since_at) over spell as first_since_at
  from numbered
  window spell as (partition by client_id, odoo_user_id, rule, number)
  order by client_id, odoo_user_id, rule, number, dbt_valid_from desc
)

select
  client_id,
  quarter,
  odoo_user_id,
  rule,
  opened_at,
  first_since_at as since_at,
  case when not is_open then dbt_valid_from end as closed_at,
  greatest(extract(epoch from
    case when is_open then as_of_at else dbt_valid_from end - least(first_since_at, opened_at)
  ) / 86400.0, 0)::double precision as open_days,
  severity,
  detail,
  evidence_ids,
  policy,
  is_exempt,
  as_of_at
from told
