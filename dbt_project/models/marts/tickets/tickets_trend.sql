with worded as (
  select
    *,
    case
      when trend = 'flat' then ', within ±' || flat_within_pct || ' %'
      when trend = 'not proven' and p_value < alpha and adjusted_p_value >= alpha
        then '; among the client''s categories that may be chance'
      when trend = 'not proven' then '; neither a change nor its absence is proven'
      else ''
    end as conclusion
  from {{ ref('int_tickets__trend_claim') }}
)

select
  client_id,
  category,
  quarter,
  trend,
  case
    when trend = 'n/a' then source_reason
    when stabilisation_until is not null then 'stabilisation phase until ' || stabilisation_until || ': no claim is made in it'
    when test = 'year on year' and change_pct is null
      then 'no ticket was opened in the 52 weeks before the last 52: nothing to compare with'
    when test = 'year on year'
      then recent_count || ' tickets opened in the last 52 weeks against ' || earlier_count || ' in the 52 before: '
        || {{ change_in_words('change_pct', 'change_low_pct', 'change_high_pct') }} || conclusion
    when week_count < {{ trend_least_weeks() }}
      then 'only ' || week_count || ' complete weeks of tickets: a year-on-year comparison needs {{ trend_year_weeks() }}'
    when test = 'none'
      then 'only ' || ticket_count || ' tickets in ' || week_count || ' complete weeks: fewer than {{ trend_least_tickets() }} prove nothing'
    else 'season not removed' || coalesce(', a claim is allowed until ' || short_claim_until, ', the leave to claim ended on ' || short_claim_ended_on, '')
      || ': only ' || week_count || ' complete weeks, a year-on-year comparison needs {{ trend_year_weeks() }}; slope '
      || {{ change_in_words('slope_pct', 'slope_low_pct', 'slope_high_pct') }} || ' a year'
      || coalesce(', tau ' || to_char(tau, 'FMS0.00'), '') || ', p ' || to_char(p_value, 'FM0.000')
      || case when short_claim_until is not null then conclusion else '' end
  end as reason,
  test,
  week_count,
  ticket_count,
  recent_count,
  earlier_count,
  t_value,
  p_value,
  adjusted_p_value,
  change_pct,
  change_low_pct,
  change_high_pct,
  slope_per_week,
  slope_pct,
  slope_low_pct,
  slope_high_pct,
  tau,
  tickets_per_user,
  per_user_trend,
  case
    when category <> '' then 'per active user all tickets are taken together'
    when per_user_trend <> 'n/a' and stabilisation_until is not null
      then 'stabilisation phase until ' || stabilisation_until || ': no claim is made in it'
    when per_user_trend <> 'n/a'
      then 'tickets per active internal user: ' || {{ change_in_words('per_user_change_pct', 'per_user_low_pct', 'per_user_high_pct') }}
    when not is_available then source_reason
    when week_count < {{ trend_year_weeks() }}
      then 'only ' || week_count || ' complete weeks of tickets: a year-on-year comparison needs {{ trend_year_weeks() }}'
    when known_week_count < {{ trend_year_weeks() }}
      then 'active users are known of ' || known_week_count || ' of the last {{ trend_year_weeks() }} weeks: their history begins with the first reading'
    else 'no ticket was opened in the 52 weeks before the last 52: nothing to compare with'
  end as per_user_reason,
  per_user_change_pct,
  per_user_low_pct,
  per_user_high_pct,
  flat_within_pct,
  as_of_at
from worded
