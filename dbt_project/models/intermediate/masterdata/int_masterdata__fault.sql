{{ config(
    materialized='incremental',
    on_schema_change='fail',
    pre_hook="{{ forget_touched() }}",
    indexes=[{'columns': ['client_id', 'model', 'record_id', 'rule'], 'unique': true}]
) }}

{% for model, relation in master_data_subjects().items() %}
select record.client_id, '{{ model }}'::text as model, found.rule, record.record_id, found.detail
from {{ touched_records(model, relation) }}
cross join lateral (values
  {% for name, rule in master_data_rules(model, 'finds').items() %}
  ('{{ name }}'::text, case when ({{ rule.looks_at }}) then {{ master_data_finding(rule) }} end),
  {% endfor %}
  (null, null)
) as found (rule, detail)
where found.detail <> ''
{{ 'union all' if not loop.last }}
{% endfor %}
