{# Whether an external id is one that a module made. Who exports or imports a record gives it one, too, and so does Studio:
   those prove nothing of where the record is from. #}
{% macro proves_a_module(data) -%}
  coalesce({{ data }}.created_odoo_user_id, 1) = 1
  and {{ data }}.module_name !~ '^__' and {{ data }}.module_name <> 'studio_customization'
{%- endmacro %}

{# What tells where a module comes from, best first: the seed of modules seen on plain servers, the licence of Odoo
   Enterprise, what its author field claims. Empty where nothing does: the module is custom then. #}
{% macro origin_basis(module, known) -%}
  case
    when {{ known }}.module is not null then 'seed'
    when {{ module }}.license = 'OEEL-1' then 'licence'
    when {{ module }}.author ~* '{{ authors().values() | join('|') }}' then 'author'
  end
{%- endmacro %}

{# Odoo, OCA or custom. #}
{% macro origin_of(module, known) -%}
  case
    when {{ known }}.module is not null then {{ known }}.origin
    when {{ module }}.license = 'OEEL-1' then 'Odoo'
    when {{ module }}.author ~* '{{ authors().OCA }}' then 'OCA'
    when {{ module }}.author ~* '{{ authors().Odoo }}' then 'Odoo'
    else 'custom'
  end
{%- endmacro %}

{% macro authors() %}
  {{ return({'OCA': 'odoo community association|\\(oca\\)', 'Odoo': '^\\s*(odoo|openerp)( s\\.?a\\.?)?\\s*$'}) }}
{% endmacro %}

{# The major version in a version of base or of a server: 17 in 17.0.1.3 and in saas~17.2. #}
{% macro major_of(version) -%}
  substring({{ version }} from '^(?:saas[~-])?(\d+)\.\d+')::integer
{%- endmacro %}

{# The numbers in a module's version, to be compared one by one: 17.0.1.10 is more than 17.0.1.9. Empty for other words. #}
{% macro version_numbers(version) -%}
  case when {{ version }} ~ '^\d+(\.\d+)*$' then string_to_array({{ version }}, '.')::bigint[] end
{%- endmacro %}
