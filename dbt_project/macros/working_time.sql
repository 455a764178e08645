{# Working time is the difference of two readings of a clock that runs in business hours only: int_tickets__working_piece.
   One piece holds each instant; it is found by client and UTC day, so that a hash join finds all of them at once. #}
{% macro join_working_piece(piece, client_id, instant) -%}
left join {{ ref('int_tickets__working_piece') }} as {{ piece }}
  on {{ piece }}.client_id = {{ client_id }}
  and {{ piece }}.utc_on = ({{ instant }} at time zone 'UTC')::date
  and {{ instant }} >= {{ piece }}.starts_at
  and {{ instant }} < {{ piece }}.ends_at
{%- endmacro %}

{# What the clock shows at an instant, in seconds; null where the client has no business hours. #}
{% macro worked_at(piece, instant) -%}
  ({{ piece }}.worked_before_seconds
    + case when {{ piece }}.is_working then extract(epoch from {{ instant }} - {{ piece }}.starts_at) else 0 end)
{%- endmacro %}

{% macro business_hours(from_piece, from_instant, to_piece, to_instant) -%}
  (({{ worked_at(to_piece, to_instant) }} - {{ worked_at(from_piece, from_instant) }}) / 3600)::double precision
{%- endmacro %}

{% macro calendar_hours(from_instant, to_instant) -%}
  (extract(epoch from {{ to_instant }} - {{ from_instant }}) / 3600)::double precision
{%- endmacro %}

{# What the clock of a target shows at an instant, in seconds: of business hours, or of all hours. #}
{% macro promised_clock(event, piece, instant) -%}
  (case when {{ event }}.clock = 'calendar' then extract(epoch from {{ instant }}) else {{ worked_at(piece, instant) }} end)
{%- endmacro %}
