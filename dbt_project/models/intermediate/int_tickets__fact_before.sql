{% if tickets_are_kept() %}
with dirty as (
  select * from {{ ref('int_tickets__dirty') }}
)

select row_number() over (partition by client_id) as place, facts.*
from (
  {{ ticket_facts(
    '(select kept.* from ' ~ kept_table('int_tickets__event') ~ ' as kept join dirty using (client_id, source_client_id, ticket_id))',
    '(select kept.* from ' ~ kept_table('int_tickets__open_span') ~ ' as kept join dirty using (client_id, source_client_id, ticket_id))',
    '(select kept.* from ' ~ kept_table('int_tickets__measured') ~ ' as kept join dirty using (client_id, source_client_id, ticket_id))',
  ) }}
) as facts
{% else %}
-- depends_on: {{ ref('int_tickets__dirty') }}
select
  0::bigint as place, ''::text as client_id, ''::text as category, null::date as happened_on, ''::text as measure,
  {% for count in fact_counts() %}0 as {{ count }}, {% endfor %}null::double precision as hours
where false
{% endif %}
