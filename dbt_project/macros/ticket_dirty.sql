{# Ticket marts cost what changed: int_tickets__dirty names the tickets that must be computed again, everything else is
   kept. Which tables are kept, and by which rows they are replaced, they say themselves: unique_key, meta.replaced_by. #}

{# A table that is kept, by its name alone: what decides about it comes before it, and cannot refer to it. #}
{% macro kept_table(name) -%}
  {{ api.Relation.create(database=target.database, schema=target.schema, identifier=name) }}
{%- endmacro %}

{# The tables that are kept from night to night. #}
{% macro kept_names() %}
  {% set found = [] %}
  {% for node in graph.nodes.values() if node.resource_type == 'model' and node.config.meta.replaced_by %}
    {% do found.append(node.name) %}
  {% endfor %}
  {{ return(found) }}
{% endmacro %}

{# What the kept tables rest on, or why nothing of them can be: {'reason': …} or {'reason': '', 'as_of_at': …, 'xid': …}.
   Whatever was read, kept or lost between two builds, the tables say it themselves. #}
{% macro kept_state() %}
  {% if flags.FULL_REFRESH %}{{ return({'reason': 'a full build was asked for'}) }}{% endif %}
  {% for name in kept_names() + ['int_tickets__kept'] %}
    {% set relation = adapter.get_relation(target.database, target.schema, name) %}
    {% if relation is none or relation.type != 'table' %}{{ return({'reason': name ~ ' was not there'}) }}{% endif %}
  {% endfor %}
  {% set asked = run_query(
    "select case
      when not coalesce(bool_and(is_whole), false) then 'the build before did not come to its end'
      when min(code_sha256) <> '" ~ var('code_sha256', '') ~ "' then 'the code changed'
      when max(quarter) <> '' or '" ~ var('quarter', '') ~ "' <> '' then 'a quarter was asked for'
      when max(as_of_at) > " ~ build_as_of_at() ~ " then 'the moment lies before that of the build before'
      when min(server) <> (select system_identifier::text from pg_control_system()) then 'another database server'
      when (pg_snapshot_xmin(pg_current_snapshot())::text::bigint - min(seen_before)) not between 0 and 2000000000
        then 'row versions cannot be compared'
      else '' end,
      to_char(max(as_of_at) at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00', (min(seen_before) % 4294967296)::text
    from " ~ kept_table('int_tickets__kept')).rows[0] %}
  {{ return({'reason': asked[0], 'as_of_at': asked[1], 'xid': asked[2]}) }}
{% endmacro %}

{# Whether this build keeps what the build before computed: int_tickets__dirty, made by this very build, says so. #}
{% macro tickets_are_kept() %}
  {% if not execute or flags.FULL_REFRESH %}{{ return(false) }}{% endif %}
  {% for name in ('int_tickets__basis', 'int_tickets__dirty') %}
    {% if adapter.get_relation(target.database, target.schema, name) is none %}{{ return(false) }}{% endif %}
  {% endfor %}
  {% set asked = run_query(
    "select exists (select from " ~ kept_table('int_tickets__basis') ~ " where build_id = " ~ build_id() ~ ")
      and not exists (select from " ~ kept_table('int_tickets__dirty') ~ " where client_id = '')") %}
  {{ return(asked.rows[0][0]) }}
{% endmacro %}

{# dbt asks here whether an incremental model is to be made anew. #}
{% macro should_full_refresh() %}
  {% if config.get('full_refresh') is not none %}{{ return(config.get('full_refresh')) }}{% endif %}
  {% if config.get('incremental_strategy') == 'replaced' %}{{ return(not tickets_are_kept()) }}{% endif %}
  {{ return(flags.FULL_REFRESH) }}
{% endmacro %}

{# The strategy of a kept table: whatever has a key of `replaced_by` goes, what was computed comes. #}
{% macro get_incremental_replaced_sql(arguments) %}
  {%- set columns = arguments['dest_columns'] | map(attribute='quoted') | join(', ') %}
  delete from {{ arguments['target_relation'] }} as kept
  using {{ kept_table(config.get('meta')['replaced_by']) }} as replaced
  where {% for key in arguments['unique_key'] %}kept.{{ key }} = replaced.{{ key }}{{ ' and ' if not loop.last }}{% endfor %};
  insert into {{ arguments['target_relation'] }} ({{ columns }})
  select {{ columns }} from {{ arguments['temp_relation'] }}
{% endmacro %}

{# A relation with a row per ticket or more: of the dirty ones, or all of them. #}
{% macro tickets_of(name) -%}
  {%- if tickets_are_kept() -%}
  (select kept.* from {{ ref(name) }} as kept
    join {{ kept_table('int_tickets__dirty') }} as dirty
      on dirty.client_id = kept.client_id and dirty.source_client_id = kept.source_client_id and dirty.ticket_id = kept.ticket_id)
  {%- else -%} {{ ref(name) }} {%- endif -%}
{%- endmacro %}

{# A table that was just made has no statistics, and the next model's join would be planned without any; one that was kept has. #}
{% macro analyze_if_made(relation) -%}
  {%- if config.get('incremental_strategy') != 'replaced' or not tickets_are_kept() -%} analyze {{ relation }} {%- endif -%}
{%- endmacro %}

{# Whether a row was written by a transaction that the kept tables may not have seen. Row versions need no clock, and no
   word of whoever wrote; a counter that came round makes rows look new, never old. #}
{% macro is_written_since(row, xid) -%}
  age({{ row }}.xmin) <= age('{{ xid }}'::xid)
{%- endmacro %}

{# From here on the kept tables are between two states, until int_tickets__kept is written. #}
{% macro begin_changing() -%}
  {%- if adapter.get_relation(target.database, target.schema, 'int_tickets__kept') is not none -%}
  update {{ kept_table('int_tickets__kept') }} set is_whole = false
  {%- endif -%}
{%- endmacro %}

{# A client's rows of a small relation as one hash, whatever their order. #}
{% macro hash_of_rows(relation, columns, condition='true') -%}
(select md5(string_agg(row({{ columns }})::text, ',' order by row({{ columns }})::text))
    from {{ relation }} as it where it.client_id = client.client_id and {{ condition }})
{%- endmacro %}

{# How ticket models are planned. Over all tickets each join is one of many rows with many, whatever the planner takes the
   groups and windows below it for; of a few dirty ones, an index finds the rest, unless a whole table is looked through. #}
{% macro plan_tickets() -%}
  {%- if model.name.startswith('int_tickets__') or model.name.startswith('tickets_') -%}
    {%- set is_of_few = config.get('incremental_strategy') == 'replaced' and not config.get('meta', {}).get('is_looked_through') and tickets_are_kept() -%}
    set local work_mem = '96MB'; set local enable_nestloop = {{ 'on' if is_of_few else 'off' }}
  {%- endif -%}
{%- endmacro %}
