-- depends_on: {{ ref('int_tickets__fact_before') }}, {{ ref('int_tickets__event') }}, {{ ref('int_tickets__open_span') }}, {{ ref('int_tickets__measured') }}, {{ ref('int_tickets__source') }}
{% if tickets_are_kept() %}
{%- set kept_as_of_at = '(select max(as_of_at) from ' ~ kept_table('int_tickets__kept') ~ ')' %}
with before as (
  select client_id, category, happened_on, measure, {{ fact_counts() | join(', ') }}, hours from {{ ref('int_tickets__fact_before') }}
),

now as (
  {{ ticket_facts(tickets_of('int_tickets__event'), tickets_of('int_tickets__open_span'), tickets_of('int_tickets__measured')) }}
),

changed as (
  (select * from before except all select * from now)
  union all
  (select * from now except all select * from before)
)

select client_id, category, happened_on, measure from changed
union
-- Tickets that came of age since, without a change of their own.
select span.client_id, span.category, ((span.opened_at + make_interval(days => days)) at time zone source.timezone)::date, ''
from {{ ref('int_tickets__open_span') }} as span
join {{ ref('int_tickets__source') }} as source on source.client_id = span.client_id
cross join (values (7), (30), (90)) as age (days)
where coalesce(span.open_until, 'infinity') >= {{ kept_as_of_at }}
  and span.opened_at + make_interval(days => days) >= {{ kept_as_of_at }}
  and span.opened_at + make_interval(days => days) < source.as_of_at
{% else %}
select ''::text as client_id, ''::text as category, null::date as happened_on, ''::text as measure where false
{% endif %}
