{# A number of config/policies/signals.yml, as this build was given it: section.key. #}
{% macro policy(setting) -%}
  (select (value #>> '{}')::double precision from {{ source('ops', 'policy_setting') }}
   where build_id = {{ build_id() }} and setting = '{{ setting }}')
{%- endmacro %}

{# The words of a list or of a single text in config/policies/, as this build was given it: one row a word. #}
{% macro policy_words(setting) -%}
  select jsonb_array_elements_text(case jsonb_typeof(value) when 'array' then value else jsonb_build_array(value) end) as word
  from {{ source('ops', 'policy_setting') }}
  where build_id = {{ build_id() }} and setting = '{{ setting }}' and value <> 'null'
{%- endmacro %}

{# A whole entry of config/policies/, as JSON. #}
{% macro policy_json(setting) -%}
  (select value from {{ source('ops', 'policy_setting') }} where build_id = {{ build_id() }} and setting = '{{ setting }}')
{%- endmacro %}

{# A rule of config/policies/access.yml: one number of it. #}
{% macro access_days(rule, key='after_days') -%}
  make_interval(days => {{ policy('access.' ~ rule ~ '.' ~ key) }}::integer)
{%- endmacro %}
