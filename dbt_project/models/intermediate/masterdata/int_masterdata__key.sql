{{ config(
    materialized='incremental',
    on_schema_change='fail',
    pre_hook="{{ forget_touched() }}",
    indexes=[{'columns': ['client_id', 'rule', 'key', 'record_id'], 'unique': true}, {'columns': ['client_id', 'model', 'record_id']}]
) }}

{% for model, relation in master_data_subjects().items() %}
-- A digest: names and numbers of persons are not kept a second time.
select record.client_id, '{{ model }}'::text as model, said.rule, md5(said.key)::uuid as key, record.record_id, record.company_id
from {{ touched_records(model, relation, once=true) }}
cross join lateral (values
  {% for name, rule in master_data_rules(model, 'same').items() %}
  ('{{ name }}'::text, case when ({{ rule.looks_at }}) then ({{ rule.same }})::text end),
  {% endfor %}
  (null, null)
) as said (rule, key)
where said.key <> ''
{{ 'union all' if not loop.last }}
{% endfor %}
