{# The areas of the audit trail, and the models whose records they are. #}
{% macro audit_areas() -%}
  (values
    ('users', 'res.users'),
    ('groups', 'res.groups'),
    ('groups', 'res.groups.implied.rel'),
    ('memberships', 'res.groups.users.rel'),
    ('access rows', 'ir.model.access'),
    ('access rows', 'ir.access'),
    ('record rules', 'ir.rule'),
    ('record rules', 'rule.group.rel'),
    ('bank accounts', 'res.partner.bank'),
    ('fiscal positions', 'account.fiscal.position'),
    ('journal entries', 'account.move'))
{%- endmacro %}

{# Within the quarter under review, as far as it has come. #}
{% macro in_quarter(moment) -%}
  {{ moment }} >= period.quarter_starts_at and {{ moment }} < period.quarter_ends_at and {{ moment }} <= period.as_of_at
{%- endmacro %}
