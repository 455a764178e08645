{# A number of config/policies/signals.yml, as this build was given it: section.key. #}
{% macro policy(setting) -%}
  (select (value #>> '{}')::double precision from {{ source('ops', 'policy_setting') }}
   where build_id = {{ build_id() }} and setting = '{{ setting }}')
{%- endmacro %}
