{# Exact 95 % limits of a Poisson mean after a count. Above the seed Wilson and Hilferty's cube is as good: there it is
   less than a thousandth off. #}
{% macro poisson_low(count) -%}
  coalesce(
    (select exact.low from {{ ref('poisson_interval') }} as exact where exact.event_count = {{ count }}),
    {{ count }} * (1 - 1 / (9.0 * {{ count }}) - 1.959963985 / (3 * sqrt({{ count }}))) ^ 3)::double precision
{%- endmacro %}

{% macro poisson_high(count) -%}
  coalesce(
    (select exact.high from {{ ref('poisson_interval') }} as exact where exact.event_count = {{ count }}),
    ({{ count }} + 1) * (1 - 1 / (9.0 * ({{ count }} + 1)) + 1.959963985 / (3 * sqrt({{ count }} + 1))) ^ 3)::double precision
{%- endmacro %}
