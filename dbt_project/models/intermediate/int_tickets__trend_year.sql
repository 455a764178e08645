{% set t_two_sided_5_pct = 2.1788128296672284 %}  {# Student's t, 12 degrees of freedom #}

with headcounts as (
  select client_id, avg(active_user_count) as user_count
  from {{ ref('int_tickets__trend_week') }}
  where category = '' and place <= {{ trend_year_weeks() }}
  group by client_id
  having count(*) = {{ trend_year_weeks() }} and min(active_user_count) > 0
),

-- Per user: the tickets there would have been, had as many users as on the average of the two years been there always.
measured as (
  select week.client_id, week.category, 'opened' as measure, week.place, week.week_starts_on, week.joined_week_on,
    week.opened_count::double precision as opened_count
  from {{ ref('int_tickets__trend_week') }} as week
  where week.week_count >= {{ trend_year_weeks() }} and week.place <= {{ trend_year_weeks() }}
  union all
  select week.client_id, week.category, 'per user', week.place, week.week_starts_on, week.joined_week_on,
    (week.opened_count * headcounts.user_count / week.active_user_count)::double precision
  from {{ ref('int_tickets__trend_week') }} as week
  join headcounts on headcounts.client_id = week.client_id
  where week.category = '' and week.place <= {{ trend_year_weeks() }}
),

blocks as (
  select
    client_id,
    category,
    measure,
    (joined_place - 1) % 52 / 4 as block,
    sum(opened_count) filter (where joined_place <= 52) as recent_count,
    sum(opened_count) filter (where joined_place > 52) as earlier_count
  from (select *, place + (week_starts_on - joined_week_on) / 7 as joined_place from measured) as joined
  group by client_id, category, measure, (joined_place - 1) % 52 / 4
),

roots as (
  select
    client_id,
    category,
    measure,
    sum(recent_count) as recent_count,
    sum(earlier_count) as earlier_count,
    avg(sqrt(recent_count + 3.0 / 8)) as recent_root,
    avg(sqrt(recent_count + 3.0 / 8) - sqrt(earlier_count + 3.0 / 8)) as mean_difference,
    -- Counts that scatter less than Poisson's do not prove more: sqrt(1/4 + 1/4) is the least that is believed.
    greatest(stddev_samp(sqrt(recent_count + 3.0 / 8) - sqrt(earlier_count + 3.0 / 8)), 0.707) / sqrt(13) as standard_error
  from (
    select client_id, category, measure, block,
      coalesce(recent_count, 0) as recent_count, coalesce(earlier_count, 0) as earlier_count
    from blocks
  ) as both_years
  group by client_id, category, measure
),

tested as (
  select *, mean_difference / standard_error as t_value
  from roots
)

select
  client_id,
  category,
  measure,
  recent_count,
  earlier_count,
  t_value,
  {{ student_p_12('t_value') }} as p_value,
  (recent_count / nullif(earlier_count, 0) - 1) * 100 as change_pct,
  (recent_count / nullif(earlier_count, 0)
    * (greatest(recent_root - {{ t_two_sided_5_pct }} * standard_error, 0) / recent_root) ^ 2 - 1) * 100 as change_low_pct,
  (recent_count / nullif(earlier_count, 0)
    * ((recent_root + {{ t_two_sided_5_pct }} * standard_error) / recent_root) ^ 2 - 1) * 100 as change_high_pct
from tested
