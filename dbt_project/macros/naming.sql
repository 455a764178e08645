{# A schema is named as it is, without the target's own schema before it: the warehouse has one of each. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
  {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}

{# A mart's relation drops the word that its schema already says: access_user is access.user. #}
{% macro generate_alias_name(custom_alias_name=none, node=none) -%}
  {%- set prefixes = {'drift': 'drift_', 'tickets': 'tickets_', 'access': 'access_', 'masterdata': 'masterdata_', 'review_candidate': 'review_',
                      'snapshots': 'snap_odoo__'} -%}
  {%- set prefix = prefixes.get(node.schema, '') -%}
  {%- if custom_alias_name -%}
    {{ custom_alias_name | trim }}
  {%- elif prefix and node.name.startswith(prefix) -%}
    {{ node.name[prefix | length:] }}
  {%- else -%}
    {{ node.name }}
  {%- endif -%}
{%- endmacro %}
