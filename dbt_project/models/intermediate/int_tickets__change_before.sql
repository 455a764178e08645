{% set skipped_weeks = var('signal_span_days') // 7 %}

-- As tickets.trend compares the years, a quarter earlier: the same weeks, without the last ones.
select client_id, (recent_count::double precision / earlier_count - 1) * 100 as change_pct
from (
  select
    client_id,
    sum(opened_count) filter (where place <= {{ skipped_weeks + 52 }}) as recent_count,
    sum(opened_count) filter (where place > {{ skipped_weeks + 52 }}) as earlier_count
  from {{ ref('int_tickets__trend_week') }}
  where category = '' and place > {{ skipped_weeks }} and place <= {{ skipped_weeks + trend_year_weeks() | int }}
  group by client_id
  having count(*) = {{ trend_year_weeks() }}
) as years
where earlier_count > 0
