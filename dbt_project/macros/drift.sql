{# Two changes of one client, seen by one comparison. #}
{% macro same_step(one, other) -%}
  {{ one }}.client_id = {{ other }}.client_id and {{ one }}.comparison = {{ other }}.comparison
  and {{ one }}.seen_at = {{ other }}.seen_at
{%- endmacro %}

{# Two changes that one transaction made: Odoo gives all of them the same stamp, to the microsecond, or to the second where
   they were read over RPC. A deletion leaves no stamp: there the link between the records has to do. #}
{% macro same_stroke(one, other) -%}
  case
    when {{ one }}.action = 'deleted' or {{ other }}.action = 'deleted' then {{ one }}.action = {{ other }}.action
    else {{ one }}.written_by_user_id = {{ other }}.written_by_user_id and {{ one }}.written_at = {{ other }}.written_at
  end
{%- endmacro %}

{# The id in the first of these fields that a record's content has; a field may hold a name instead. #}
{% macro referred(row, fields) -%}
  coalesce({% for field in fields %}case when jsonb_typeof({{ row }}.content -> '{{ field }}') = 'number' then ({{ row }}.content ->> '{{ field }}')::bigint end{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

{# Tells records of one name apart, where several came or went at once. #}
{% macro same_name_number() -%}
  row_number() over (partition by client_id, comparison, seen_at, entity, label order by record_id) as same_name_number
{%- endmacro %}

{# Declared values as a reader sees them: field: value, by name of field, without those that are empty. #}
{% macro as_text(content, fields='null') -%}
  (select nullif(string_agg(field.key || ': ' || field.value, ', ' order by field.key), '')
   from jsonb_each_text({{ content }}) as field
   where field.value is not null and ({{ fields }}::jsonb is null or {{ fields }}::jsonb ? field.key))
{%- endmacro %}
