-- depends_on: {{ ref('int_tickets__touched_day') }}
with facts as (
  {{ ticket_facts(ref('int_tickets__event'), ref('int_tickets__open_span'), ref('int_tickets__measured'), is_bounded=true) }}
)

select
  client_id,
  category,
  happened_on,
  {% for count in fact_counts() -%}
  sum({{ count }}) as {{ count }}{{ ',' if not loop.last }}
  {% endfor %}
from facts
where measure = ''
{% if tickets_are_kept() %}
  and (client_id, category, happened_on) in (select client_id, category, happened_on from {{ kept_table('int_tickets__touched_day') }})
{% endif %}
group by client_id, category, happened_on
