{% set t_two_sided_2_pct = 2.681 %}  {# Student's t, 12 degrees of freedom, alpha 0.02 #}
{% set t_two_sided_5_pct = 2.179 %}  {# the same, alpha 0.05, for the 95 % interval #}

with first_tickets as (
  select client_id, min(week_starts_on) as first_week_on
  from {{ ref('int_tickets__event') }}
  where event = 'opened'
  group by client_id
),

-- The week of the first ticket is no complete week of a running helpdesk.
weeks as (
  select
    flow.client_id,
    flow.opened_count,
    row_number() over (partition by flow.client_id order by flow.period_start_on desc) as place
  from {{ ref('tickets_flow_weekly') }} as flow
  join first_tickets as beginning on beginning.client_id = flow.client_id
  where flow.is_period_complete and flow.period_start_on > beginning.first_week_on
),

blocks as (
  select
    client_id,
    ((place - 1) % 52) / 4 as block,
    sum(opened_count) filter (where place <= 52) as recent_count,
    sum(opened_count) filter (where place > 52) as earlier_count
  from weeks
  where place <= 104
  group by client_id, ((place - 1) % 52) / 4
),

roots as (
  select
    client_id,
    count(*) as pair_count,
    sum(recent_count) as recent_count,
    sum(earlier_count) as earlier_count,
    avg(sqrt(recent_count + 3.0 / 8)) as recent_root,
    avg(sqrt(recent_count + 3.0 / 8) - sqrt(earlier_count + 3.0 / 8)) as mean_difference,
    -- Counts that scatter less than Poisson's do not prove more: sqrt(1/4 + 1/4) is the least that is believed.
    greatest(stddev_samp(sqrt(recent_count + 3.0 / 8) - sqrt(earlier_count + 3.0 / 8)), 0.707) / sqrt(count(*)) as standard_error
  from blocks
  group by client_id
),

tested as (
  select
    source.client_id,
    source.quarter,
    source.is_available,
    source.reason as source_reason,
    coalesce(held.week_count, 0) as week_count,
    case when held.week_count >= 104 then roots.recent_count end::bigint as recent_count,
    case when held.week_count >= 104 then roots.earlier_count end::bigint as earlier_count,
    case when held.week_count >= 104 then (roots.mean_difference / roots.standard_error)::double precision end as t_value,
    case when held.week_count >= 104 and roots.earlier_count > 0
      then (roots.recent_count / roots.earlier_count)::double precision end as ratio,
    (greatest(roots.recent_root - {{ t_two_sided_5_pct }} * roots.standard_error, 0) / roots.recent_root)::double precision as low_root,
    ((roots.recent_root + {{ t_two_sided_5_pct }} * roots.standard_error) / roots.recent_root)::double precision as high_root,
    source.as_of_at
  from {{ ref('int_tickets__source') }} as source
  left join (select client_id, count(*) as week_count from weeks group by client_id) as held
    on held.client_id = source.client_id
  left join roots on roots.client_id = source.client_id
),

bounded as (
  select
    *,
    (ratio - 1) * 100 as change_pct,
    (ratio * low_root ^ 2 - 1) * 100 as change_low_pct,
    (ratio * high_root ^ 2 - 1) * 100 as change_high_pct
  from tested
),

judged as (
  select
    *,
    case
      when not is_available then 'n/a'
      when ratio is null then 'not proven'
      when t_value < -{{ t_two_sided_2_pct }} then 'declining'
      when t_value > {{ t_two_sided_2_pct }} then 'growing'
      when change_low_pct >= -{{ var('trend_flat_within_pct') }} and change_high_pct <= {{ var('trend_flat_within_pct') }} then 'flat'
      else 'not proven'
    end as trend
  from bounded
)

select
  client_id,
  quarter,
  trend,
  case
    when trend = 'n/a' then source_reason
    when week_count < 104
      then 'only ' || week_count || ' complete weeks of tickets: a year-on-year comparison needs 104'
    when ratio is null then 'no ticket was opened in the 52 weeks before the last 52: nothing to compare with'
    else recent_count || ' tickets opened in the last 52 weeks against ' || earlier_count || ' in the 52 before: '
      || to_char(change_pct, 'FMSG99999990.0') || ' % (95 % interval '
      || to_char(change_low_pct, 'FMSG99999990.0') || ' to ' || to_char(change_high_pct, 'FMSG99999990.0') || ' %)'
      || case
        when trend = 'flat' then ', within ±{{ var("trend_flat_within_pct") }} %'
        when trend = 'not proven' then '; neither a change nor its absence is proven'
        else ''
      end
  end as reason,
  week_count,
  recent_count,
  earlier_count,
  t_value,
  change_pct,
  change_low_pct,
  change_high_pct,
  as_of_at
from judged
