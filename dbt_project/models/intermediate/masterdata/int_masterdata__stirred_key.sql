{# Groups to be formed anew. A record that leaves its group is found by the doubles known so far: not a ref, they follow. #}
{%- set known = adapter.get_relation(database=this.database, schema='staging', identifier='int_masterdata__duplicate') if execute %}

select said.client_id, said.rule, said.key
from {{ ref('int_masterdata__touched') }} as touched
join {{ ref('int_masterdata__key') }} as said
  on said.client_id = touched.client_id and said.model = touched.model and said.record_id = touched.record_id
{% if known %}
union
select known.client_id, known.rule, known.key
from {{ ref('int_masterdata__touched') }} as touched
join {{ known }} as known
  on known.client_id = touched.client_id and known.model = touched.model
  and touched.record_id in (known.record_id, known.other_record_id)
{% else %}
group by 1, 2, 3
{% endif %}
