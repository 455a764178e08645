{% set z_two_sided_5_pct = 1.959963984540054 %}

with points as (
  select
    client_id,
    category,
    (joined_week_on - min(min(joined_week_on)) over (partition by client_id, category)) / 7 as week,
    row_number() over (partition by client_id, category order by joined_week_on) as place,
    count(*) over (partition by client_id, category) as point_count,
    max(max(week_count)) over (partition by client_id, category) as week_count,
    sum(sum(opened_count)) over (partition by client_id, category) as ticket_count,
    sum(opened_count)::double precision as opened_count
  from {{ ref('int_tickets__trend_week') }}
  where week_count >= {{ trend_least_weeks() }} and week_count < {{ trend_year_weeks() }}
  group by client_id, category, joined_week_on
),

series as (
  select *
  from points
  where ticket_count >= {{ trend_least_tickets() }} and point_count >= 6
),

pairs as (
  select
    early.client_id,
    early.category,
    array_agg(
      (late.opened_count - early.opened_count) / (late.week - early.week)
      order by (late.opened_count - early.opened_count) / (late.week - early.week)
    ) as slopes,
    count(*) as pair_count,
    sum(sign(late.opened_count - early.opened_count)) as concordance
  from series as early
  join series as late
    on late.client_id = early.client_id and late.category = early.category and late.place > early.place
  group by early.client_id, early.category
),

slopes as (
  select *, (slopes[(pair_count + 1) / 2] + slopes[pair_count / 2 + 1]) / 2 as slope
  from pairs
),

ties as (
  select client_id, category, sum(tied * (tied - 1) * (2 * tied + 5)) as tie_term, sum(tied * (tied - 1)) / 2 as tied_pair_count
  from (select client_id, category, count(*) as tied from series group by client_id, category, opened_count) as values_held
  group by client_id, category
),

-- Autocorrelation of the ranks of what the slope leaves (Hamed and Rao 1998), at the first three lags.
residuals as (
  select series.*, series.opened_count - slopes.slope * series.week as residual
  from series
  join slopes on slopes.client_id = series.client_id and slopes.category = series.category
),

ranks as (
  select
    client_id, category, place, point_count, week_count, ticket_count, week,
    rank() over (partition by client_id, category order by residual)
      + (count(*) over (partition by client_id, category, residual) - 1) / 2.0::double precision
      - (point_count + 1) / 2.0::double precision as deviation
  from residuals
),

lagged as (
  select
    *,
    {% for lag in [1, 2, 3] -%}
    deviation * lag(deviation, {{ lag }}) over following as product_{{ lag }}{{ ',' if not loop.last }}
    {% endfor -%}
  from ranks
  window following as (partition by client_id, category order by place)
),

correlated as (
  select
    client_id,
    category,
    max(point_count)::double precision as n,
    max(week_count) as week_count,
    max(ticket_count) as ticket_count,
    sum(week * 1.0::double precision * week) - sum(week) * 1.0::double precision * sum(week) / count(*) as week_spread,
    -- A correlation below nought would lower the variance: it is not believed.
    {% for lag in [1, 2, 3] -%}
    greatest(coalesce(sum(product_{{ lag }}) / nullif(sum(deviation ^ 2), 0), 0), 0) as correlation_{{ lag }}{{ ',' if not loop.last }}
    {% endfor -%}
  from lagged
  group by client_id, category
),

varied as (
  select
    correlated.*,
    slopes.slopes,
    slopes.slope,
    slopes.pair_count,
    slopes.concordance,
    ties.tied_pair_count,
    ((n * (n - 1) * (2 * n + 5) - ties.tie_term) / 18)::double precision as variance,
    1 + 2 / (n * (n - 1) * (n - 2)) * (
      (n - 1) * (n - 2) * (n - 3) * correlation_1
      + (n - 2) * (n - 3) * (n - 4) * correlation_2
      + (n - 3) * (n - 4) * (n - 5) * correlation_3
    ) as variance_factor
  from correlated
  join slopes on slopes.client_id = correlated.client_id and slopes.category = correlated.category
  join ties on ties.client_id = correlated.client_id and ties.category = correlated.category
),

bounded as (
  select *, {{ z_two_sided_5_pct }} * sqrt(variance * variance_factor) as reach
  from varied
)

select
  client_id,
  category,
  n::bigint as point_count,
  ticket_count::bigint as ticket_count,
  ticket_count / week_count::double precision as mean_per_week,
  slope as slope_per_week,
  slopes[greatest(round((pair_count - reach) / 2)::integer - 1, 0) + 1] as slope_low_per_week,
  slopes[least(round((pair_count + reach) / 2)::integer, pair_count - 1) + 1] as slope_high_per_week,
  -- What chance alone makes of the slope of Poisson counts.
  sqrt(ticket_count / n / week_spread)::double precision as chance_error_per_week,
  concordance / nullif(sqrt(pair_count * (pair_count - tied_pair_count)), 0) as tau,
  concordance,
  variance,
  variance_factor,
  case when variance > 0 then {{ normal_p('concordance / sqrt(variance * variance_factor)') }} else 1 end as p_value
from bounded
