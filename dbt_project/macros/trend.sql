{# Complete weeks that a comparison of two years needs, and what a shorter series must have to be looked at at all. #}
{% macro trend_year_weeks() -%} 104 {%- endmacro %}
{% macro trend_least_weeks() -%} 12 {%- endmacro %}
{% macro trend_least_tickets() -%} 30 {%- endmacro %}

{# Two-sided p value of Student's t with 12 degrees of freedom: exact, the series for an even number of degrees ends
   (Abramowitz and Stegun 26.7.4). #}
{% macro student_p_12(t) -%}
  greatest(0, 1 - abs({{ t }}) / sqrt(12 + {{ t }} ^ 2) * (
    1 + (12 / (12 + {{ t }} ^ 2)) * (1.0 / 2 + (12 / (12 + {{ t }} ^ 2)) * (3.0 / 8 + (12 / (12 + {{ t }} ^ 2)) * (
      5.0 / 16 + (12 / (12 + {{ t }} ^ 2)) * (35.0 / 128 + (12 / (12 + {{ t }} ^ 2)) * 63.0 / 256))))))
{%- endmacro %}

{# Two-sided p value of a standard normal. PostgreSQL has erfc from 16. #}
{% macro normal_p(z) -%}
  erfc(abs({{ z }}) / sqrt(2.0::double precision))
{%- endmacro %}

{# A change in per cent with its 95 % interval, in words. #}
{% macro change_in_words(change, low, high) -%}
  to_char({{ change }}, 'FMSG99999990.0') || ' % (95 % interval '
    || to_char({{ low }}, 'FMSG99999990.0') || ' to ' || to_char({{ high }}, 'FMSG99999990.0') || ' %)'
{%- endmacro %}

{# The claim that a change in a year, its p value and its interval allow. A direction needs the p value and the change to
   agree; flat needs the interval, never merely the absence of significance. #}
{% macro trend_of(change, low, high, p, alpha, flat_within) -%}
  case
    when {{ p }} < {{ alpha }} and {{ change }} < 0 then 'declining'
    when {{ p }} < {{ alpha }} and {{ change }} > 0 then 'growing'
    when {{ p }} >= {{ alpha }} and {{ low }} >= -{{ flat_within }} and {{ high }} <= {{ flat_within }} then 'flat'
    else 'not proven'
  end
{%- endmacro %}
