{# The area of business that the name of a model or module belongs to, by the longest beginning of it that is known. #}
{% macro business_area_of(name) -%}
  coalesce((
    select area.area from {{ ref('odoo_areas') }} as area
    where translate({{ name }}, '._', '__') || '_' like replace(area.prefix, '_', '\_') || '\_%'
    order by length(area.prefix) desc limit 1
  ), 'other')
{%- endmacro %}
