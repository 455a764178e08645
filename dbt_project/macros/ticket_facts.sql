{# What tickets add to the days of their client: one row per fact. Counts have the measure ''; durations carry hours.
   int_tickets__day and int_tickets__hours sum the same rows up that int_tickets__touched_day compares before and after.
   Bounded, they leave out the ages that tickets will have after the moment of evaluation. #}
{% macro ticket_facts(event, open_span, measured, is_bounded=false) -%}
select client_id, category, happened_on, ''::text as measure,
  (event = 'opened')::integer as opened_count,
  (event = 'closed')::integer as closed_count,
  (event = 'reopened')::integer as reopened_count,
  (event = 'deleted' and backlog_change < 0)::integer as deleted_open_count,
  (event = 'closed' and basis = 'stamped')::integer as stamped_close_count,
  backlog_change,
  0 as over_7_days_change, 0 as over_30_days_change, 0 as over_90_days_change,
  0 as concluded_count, 0 as first_contact_count,
  null::double precision as hours
from {{ event }} as event
union all
-- An open ticket comes of age once and leaves once: its age at every period's end follows without looking at each.
select span.client_id, span.category, turn.happened_on, '', 0, 0, 0, 0, 0, 0,
  {% for days in [7, 30, 90] %}case when turn.days = {{ days }} then turn.change else 0 end, {% endfor %}0, 0, null
from {{ open_span }} as span
{% if is_bounded %}join {{ ref('int_tickets__source') }} as source on source.client_id = span.client_id{% endif %}
cross join lateral (
  select age.days, moved.at, moved.happened_on, moved.change
  from (values {% for days in [7, 30, 90] %}({{ days }}, span.over_{{ days }}_days_on){{ ', ' if not loop.last }}{% endfor %}) as age (days, happened_on)
  cross join lateral (values
    (greatest(span.open_from, span.opened_at + make_interval(days => age.days)), age.happened_on, 1), (span.open_until, span.left_on, -1)
  ) as moved (at, happened_on, change)
  where age.happened_on is not null and moved.at is not null
) as turn
where span.over_7_days_on is not null{{ ' and turn.at < source.as_of_at' if is_bounded }}
union all
select client_id, category, concluded_on, '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, is_first_contact::integer, null
from {{ measured }} as measured
where concluded_on is not null
union all
{{ ticket_hours(measured) }}
{%- endmacro %}

{% macro ticket_hours(measured) -%}
select client_id, category, happened_on, measure, 0 as opened_count, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, hours
from {{ measured }} as measured
cross join lateral (values
  ('response', responded_on, response_business_hours), ('resolution', resolved_on, resolution_business_hours)
) as measure (measure, happened_on, hours)
where happened_on is not null
{%- endmacro %}

{# The sums of facts that a day, a week or a quarter has. #}
{% macro fact_counts() %}
  {{ return(['opened_count', 'closed_count', 'reopened_count', 'deleted_open_count', 'stamped_close_count', 'backlog_change',
             'over_7_days_change', 'over_30_days_change', 'over_90_days_change', 'concluded_count', 'first_contact_count']) }}
{% endmacro %}
