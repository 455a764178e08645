with summed as (
  select
    period.client_id,
    count(module.module) as module_count,
    count(module.module) filter (where module.coverage_state = 'known') as known_count,
    sum(module.weight) as weight,
    sum(module.weight) filter (where module.coverage_state = 'known') as known_weight,
    sum(module.weight * module.covered_pct) filter (where module.coverage_state = 'known') as covered_weight,
    sum(module.failed_count) as failed_count,
    min(module.reason) filter (where module.coverage_state = 'unknown') as unknown_reason
  from {{ ref('int_review__period') }} as period
  left join {{ ref('drift_test_coverage') }} as module on module.client_id = period.client_id
  group by period.client_id
),

measured as (
  select
    *,
    (covered_weight / known_weight)::double precision as value,
    100 * known_weight / weight as known_pct,
    covered_weight / weight as least_pct,
    (covered_weight + 100 * (weight - known_weight)) / weight as most_pct
  from summed
)

select
  client_id,
  value,
  case
    when value is null then 'n/a'
    when known_pct < {{ policy('test_coverage.known_weight_pct') }} then 'not proven'
    when failed_count > 0 or value < {{ policy('test_coverage.act_below_pct') }} then 'act'
    when value >= {{ policy('test_coverage.good_from_pct') }} then 'good'
    else 'watch'
  end as verdict,
  case
    when module_count = 0 then 'no custom module is in use'
    when value is null then 'no usable coverage report of any custom module (' || module_count || '): ' || unknown_reason
    else 'lines of ' || known_count || ' of ' || module_count || ' custom modules, weighted by the quarter''s messages'
      || case when known_count < module_count then '; the others are unknown, so that all lie between '
        || to_char(least_pct, 'FM990.0') || ' and ' || to_char(most_pct, 'FM990.0') || ' %' else '' end
      || case when failed_count > 0 then '; tests failed: ' || failed_count else '' end
  end as reason
from measured
