{# A model's grain: no two rows share these columns, and none of them is null. #}
{% test grain(model, columns) %}
select {{ columns | join(', ') }}, count(*) as row_count
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1{% for column in columns %} or {{ column }} is null{% endfor %}
{% endtest %}

{# A rule that holds for every row, as an expression. An expression that is null fails. #}
{% test always(model, expression) %}
select * from {{ model }} where ({{ expression }}) is not true
{% endtest %}

{# A history's grain: at most one version of a row holds at any time, and versions do not overlap. #}
{% test grain_of_history(model, columns) %}
select *
from (
  select {{ columns | join(', ') }}, dbt_valid_from, dbt_valid_to,
    lead(dbt_valid_from) over (
      partition by {{ columns | join(', ') }} order by dbt_valid_from, dbt_valid_to nulls last
    ) as next_valid_from
  from {{ model }}
) versions
where dbt_valid_to < dbt_valid_from
  or next_valid_from < coalesce(dbt_valid_to, 'infinity')
{% endtest %}
