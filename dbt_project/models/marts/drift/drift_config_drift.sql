-- Every baseline has its row for every area, so that nothing moved reads 0 and not as if nobody had looked.
with area as (
  select distinct area
  from (values {% for entry in configuration_entries() %}('{{ entry.area }}'){{ ', ' if not loop.last }}{% endfor %}) as declared (area)
),

counted as (
  select
    client_id,
    baseline,
    area,
    origin,
    count(*) as difference_count,
    count(*) filter (where is_explained) as explained_count,
    count(*) filter (where not is_explained) as unexplained_count,
    count(*) filter (where survives_update is false) as lost_at_update_count
  from {{ ref('drift_baseline_difference') }}
  group by client_id, baseline, area, origin
)

select
  baseline.client_id,
  baseline.name as baseline,
  baseline.baseline_on,
  baseline.baseline_at,
  area.area,
  coalesce(counted.origin, 'none') as origin,
  coalesce(counted.difference_count, 0) as difference_count,
  coalesce(counted.explained_count, 0) as explained_count,
  coalesce(counted.unexplained_count, 0) as unexplained_count,
  coalesce(counted.lost_at_update_count, 0) as lost_at_update_count,
  period.quarter,
  period.as_of_at
from {{ source('ops', 'baseline') }} as baseline
join {{ ref('int_review__period') }} as period
  on period.client_id = baseline.client_id and baseline.baseline_at <= period.as_of_at
cross join area
left join counted
  on counted.client_id = baseline.client_id and counted.baseline = baseline.name and counted.area = area.area
