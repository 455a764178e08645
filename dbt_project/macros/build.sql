{# The moment the build speaks of, as the caller gave it. #}
{% macro build_as_of_at() -%}
  '{{ var("as_of_at") }}'::timestamptz
{%- endmacro %}

{% macro build_id() -%}
  '{{ var("build_id") }}'::text
{%- endmacro %}

{# dbt's own clock for snapshots. Time comes in as an argument here too; and its type decides that of the history's. #}
{% macro postgres__snapshot_get_time() -%}
  {{ build_as_of_at() }}
{%- endmacro %}
