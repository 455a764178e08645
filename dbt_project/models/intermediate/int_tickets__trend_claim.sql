with policy as (
  select
    {{ policy('trend.flat_within_pct') }} as flat_within_pct,
    {{ policy('trend.alpha_year_on_year') }} as alpha_year_on_year,
    {{ policy('trend.alpha_short_series') }} as alpha_short_series
),

allowed as (
  select claim.client as client_id, max(claim.until) as until_on
  from {{ source('ops', 'policy_setting') }} as setting
  cross join lateral jsonb_to_recordset(setting.value) as claim (client text, until date)
  where setting.build_id = {{ build_id() }} and setting.setting = 'trend.short_series_claims'
  group by claim.client
),

held as (
  select
    client_id,
    category,
    max(week_count) as week_count,
    sum(opened_count)::bigint as ticket_count,
    count(nullif(active_user_count, 0)) as known_week_count,
    sum(opened_count) filter (where place <= 13)
      / nullif(avg(active_user_count) filter (where place <= 13), 0) as tickets_per_user
  from {{ ref('int_tickets__trend_week') }}
  where place <= {{ trend_year_weeks() }}
  group by client_id, category
),

measured as (
  select
    source.client_id,
    coalesce(held.category, '') as category,
    source.quarter,
    source.is_available,
    source.reason as source_reason,
    source.as_of_at,
    policy.flat_within_pct,
    case when client.stabilisation_until >= source.as_of_on then client.stabilisation_until end as stabilisation_until,
    case when allowed.until_on >= source.as_of_on then allowed.until_on end as short_claim_until,
    case when allowed.until_on < source.as_of_on then allowed.until_on end as short_claim_ended_on,
    case when year.client_id is not null then 'year on year' when slope.client_id is not null then 'short series' else 'none' end as test,
    coalesce(held.week_count, 0) as week_count,
    coalesce(held.ticket_count, 0) as ticket_count,
    held.known_week_count,
    case when held.category = '' then held.tickets_per_user end::double precision as tickets_per_user,
    year.recent_count::bigint as recent_count,
    year.earlier_count::bigint as earlier_count,
    year.t_value,
    coalesce(year.p_value, slope.p_value) as p_value,
    slope.slope_per_week,
    slope.tau,
    slope.slope_per_week * 5200 / slope.mean_per_week as slope_pct,
    -- An interval narrower than chance makes it for Poisson counts is not believed.
    least(slope.slope_low_per_week, slope.slope_per_week - 1.96 * slope.chance_error_per_week)
      * 5200 / slope.mean_per_week as slope_low_pct,
    greatest(slope.slope_high_per_week, slope.slope_per_week + 1.96 * slope.chance_error_per_week)
      * 5200 / slope.mean_per_week as slope_high_pct,
    year.change_pct as year_change_pct,
    year.change_low_pct as year_low_pct,
    year.change_high_pct as year_high_pct,
    per_user.p_value as per_user_p_value,
    per_user.change_pct as per_user_change_pct,
    per_user.change_low_pct as per_user_low_pct,
    per_user.change_high_pct as per_user_high_pct,
    policy.alpha_year_on_year,
    case when year.client_id is not null then policy.alpha_year_on_year else policy.alpha_short_series end as alpha
  from {{ ref('int_tickets__source') }} as source
  cross join policy
  join {{ source('ops', 'client') }} as client on client.client_id = source.client_id
  left join held on held.client_id = source.client_id
  left join allowed on allowed.client_id = source.client_id
  left join {{ ref('int_tickets__trend_year') }} as year
    on year.client_id = held.client_id and year.category = held.category and year.measure = 'opened'
  left join {{ ref('int_tickets__trend_year') }} as per_user
    on per_user.client_id = held.client_id and per_user.category = held.category and per_user.measure = 'per user'
  left join {{ ref('int_tickets__trend_slope') }} as slope
    on slope.client_id = held.client_id and slope.category = held.category
),

-- Benjamini and Hochberg over a client's categories: of many looked at, some move by chance.
ordered as (
  select
    *,
    count(p_value) over family
      * p_value / row_number() over (family order by p_value, category) as stepped_p_value
  from measured
  window family as (partition by client_id, test, category = '')
),

adjusted as (
  select
    *,
    -- By rounding alone it could come out below the p value itself.
    greatest(p_value, min(stepped_p_value) over (
      partition by client_id, test, category = '' order by p_value desc nulls first, category desc rows unbounded preceding
    )) as adjusted_p_value,
    case when test = 'short series' and short_claim_until is not null then slope_pct else year_change_pct end as change_pct,
    case when test = 'short series' and short_claim_until is not null then slope_low_pct else year_low_pct end as change_low_pct,
    case when test = 'short series' and short_claim_until is not null then slope_high_pct else year_high_pct end as change_high_pct
  from ordered
)

select
  *,
  case
    when not is_available then 'n/a'
    when stabilisation_until is not null or change_pct is null then 'not proven'
    else {{ trend_of('change_pct', 'change_low_pct', 'change_high_pct', 'adjusted_p_value', 'alpha', 'flat_within_pct') }}
  end as trend,
  case
    when per_user_change_pct is null then 'n/a'
    when stabilisation_until is not null then 'not proven'
    else {{ trend_of('per_user_change_pct', 'per_user_low_pct', 'per_user_high_pct', 'per_user_p_value', 'alpha_year_on_year', 'flat_within_pct') }}
  end as per_user_trend
from adjusted
