select
  driver.client_id::text as client_id,
  driver.quarter::text as quarter,
  driver.category::text as category,
  driver.rank::bigint as rank,
  driver.opened_count::bigint as opened_count,
  driver.share_pct::double precision as share_pct,
  driver.repeat_count::bigint as repeat_count,
  driver.known_requester_count::bigint as known_requester_count,
  driver.repeat_pct::double precision as repeat_pct,
  coalesce(trend.trend, 'not proven')::text as trend,
  coalesce(trend.reason, 'too few weeks: nothing is claimed of this category')::text as trend_reason,
  cost.hours::double precision as hours,
  coalesce(cost.reason, 'n/a: no quarter of this category is kept')::text as hours_reason,
  driver.as_of_at::timestamptz as as_of_at,
  {{ build_id() }} as build_id
from {{ ref('tickets_driver') }} as driver
left join {{ ref('tickets_trend') }} as trend on trend.client_id = driver.client_id and trend.category = driver.category
left join {{ ref('tickets_cost_quarterly') }} as cost
  on cost.client_id = driver.client_id and cost.category = driver.category and cost.period = driver.quarter
