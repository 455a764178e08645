{# The entries of the catalogue that are configuration, as `driftline.catalogue.configuration` gives them. #}
{% macro configuration_entries() %}
  {{ return(var('configuration')) }}
{% endmacro %}

{# The rows of every configuration model in one shape: what is declared of a row as JSON, its stamps beside it. A row that
   is no longer what `only` says counts as gone. With a history at hand, only what was read since its last state of the
   same client and model is looked at: a night costs what changed. #}
{% macro configuration_rows(history=none) %}
{% for entry in configuration_entries() %}
{%- set is_record = entry.key | length == 1 %}
{%- set gone = 'row._deleted_at is not null' ~ (' or (' ~ entry.only ~ ') is not true' if entry.only else '') %}
select
  row.client_id,
  '{{ entry.model }}'::text as entity,
  row.{{ entry.key[0] }} as record_id,
  {{ '0::bigint' if is_record else 'row.' ~ entry.key[1] }} as related_id,
  {{ declared_content(entry) }} as content,
  {% for stamp in ('create_uid', 'create_date', 'write_uid', 'write_date') -%}
  {{ 'row.' ~ stamp if entry.is_stamped else ('null::bigint' if stamp.endswith('uid') else 'null::timestamptz') }} as {{ stamp }},
  {% endfor -%}
  {{ gone }} as is_deleted,
  row._read_at as read_at
from {{ source('raw', entry.table) }} as row
{% if history %}
left join taken on taken.client_id = row.client_id and taken.entity = '{{ entry.model }}'
where row._read_at > coalesce(taken.read_at, '-infinity')
{% if entry.only %}
  and (not ({{ gone }}) or exists (
    select from {{ history }} as kept
    where kept.client_id = row.client_id and kept.entity = '{{ entry.model }}'
      and kept.record_id = row.{{ entry.key[0] }} and kept.related_id = 0))
{% endif %}
{% elif entry.only %}
where not ({{ gone }})
{% endif %}
{{ 'union all' if not loop.last }}
{% endfor %}
{% endmacro %}

{# A jsonb object takes a hundred arguments at most: fields are handed over in portions. #}
{% macro declared_content(entry) -%}
  {%- if not entry.content -%} '{}'::jsonb
  {%- else -%}
    {%- for portion in entry.content | batch(40) -%}
      jsonb_build_object({% for name in portion %}'{{ name }}', row.{{ adapter.quote(name) }}{{ ', ' if not loop.last }}{% endfor %})
      {{- ' || ' if not loop.last }}
    {%- endfor -%}
  {%- endif -%}
{%- endmacro %}

{# What a reader knows a record by; empty for relations, which two records name. #}
{% macro label_of(content, entity) -%}
  case {{ entity }}
    {%- for entry in configuration_entries() if entry.label %}
    when '{{ entry.model }}' then {{ content }} ->> '{{ entry.label }}'
    {%- endfor %}
  end
{%- endmacro %}

{# The area of a model. #}
{% macro area_of(entity) -%}
  case {{ entity }}
    {%- for entry in configuration_entries() %}
    when '{{ entry.model }}' then '{{ entry.area }}'
    {%- endfor %}
  end
{%- endmacro %}
