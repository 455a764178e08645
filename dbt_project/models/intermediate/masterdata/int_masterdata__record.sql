{{ config(
    materialized='incremental',
    on_schema_change='fail',
    pre_hook="{{ forget_touched() }}",
    indexes=[{'columns': ['client_id', 'model', 'record_id'], 'unique': true}]
) }}

{% for model, relation in master_data_subjects().items() %}
select
  record.client_id,
  '{{ model }}'::text as model,
  record.record_id,
  record.is_in_use,
  record.updated_at,
  record.updated_by_odoo_user_id,
  0::bigint
  {%- for name, rule in master_data().rules.items() if rule.about == model %}
    | case when ({{ rule.looks_at }}) then 1::bigint << {{ master_data_bit(name) }} else 0 end
  {%- endfor %} as looked_at_by
from {{ touched_records(model, relation) }}
where record.is_in_use or record.is_archived
{{ 'union all' if not loop.last }}
{% endfor %}
