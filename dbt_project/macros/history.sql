{# What a snapshot compares and keeps: the attributes and whether the row is a tombstone. A row is hashed without its
   stamps, which move without a change. Instants go into the hash as seconds, so that no session's time zone decides. #}
{% macro history_of(relation, key, attributes, instants=[]) -%}
select
  client_id,
  {% for column in key + attributes + instants %}{{ column }}, {% endfor %}
  is_deleted,
  read_at,
  md5(row(
    {% for column in attributes %}{{ column }}, {% endfor %}
    {%- for column in instants %}extract(epoch from {{ column }}), {% endfor %}
    is_deleted
  )::text) as row_hash,
  {{ build_as_of_at() }} as snapshotted_at
from {{ ref(relation) }}
{%- endmacro %}

{# The version of a snapshotted row that held at an instant. A version that was replaced in the night it was taken never holds. #}
{% macro held_at(history, instant) -%}
  {{ history }}.dbt_valid_from <= {{ instant }}
  and ({{ history }}.dbt_valid_to > {{ instant }} or {{ history }}.dbt_valid_to is null)
{%- endmacro %}

{# Whether a version held at any time at all: a build done twice replaces what it took a moment ago. #}
{% macro stood(history) -%}
  ({{ history }}.dbt_valid_to is null or {{ history }}.dbt_valid_to > {{ history }}.dbt_valid_from)
{%- endmacro %}

{# dbt copies the whole history aside before it compares. Looked up by its index instead, a night costs what changed. #}
{% macro postgres__snapshot_staging_table(strategy, source_sql, target_relation) -%}
  {{ default__snapshot_staging_table(strategy, source_sql, target_relation)
     | replace('snapshotted_data as (', 'snapshotted_data as not materialized (') }}
{%- endmacro %}

{# Whether a record was there at an instant, as far as its creation stamp and its tombstone tell. #}
{% macro existed_at(record, instant) -%}
  coalesce({{ record }}.created_at < {{ instant }}, true)
  and ({{ record }}.deleted_at is null or {{ record }}.deleted_at > {{ instant }})
{%- endmacro %}
