{# The rules of config/policies/masterdata/, as `driftline.policies.masterdata` gives them. #}
{% macro master_data() %}
  {{ return(var('master_data')) }}
{% endmacro %}

{# The kinds of record that rules speak of: Odoo's model → the relation with its columns. #}
{% macro master_data_subjects() %}
  {{ return({
    'res.partner': ref('int_masterdata__partner'),
    'res.partner.bank': ref('int_masterdata__bank_account'),
    'product.template': ref('int_masterdata__product'),
    'product.product': ref('int_masterdata__variant'),
    'uom.uom': ref('int_masterdata__unit'),
    'account.account': ref('int_masterdata__account'),
    'account.tax': ref('int_masterdata__tax'),
    'hr.employee': ref('int_masterdata__employee'),
  }) }}
{% endmacro %}

{# A rule's query with {name} made the relation of that name. #}
{% macro master_data_query(query) %}
  {%- set relations = {
    'move': ref('stg_odoo__account_move'), 'sale': ref('stg_odoo__sale_order'),
    'purchase': ref('stg_odoo__purchase_order'), 'journal': ref('stg_odoo__account_journal')} -%}
  {%- set named = namespace(query=query) -%}
  {%- for name, relation in relations.items() -%}
    {%- set named.query = named.query | replace('{' ~ name ~ '}', relation | string) -%}
  {%- endfor -%}
  {%- for model, relation in master_data_subjects().items() -%}
    {%- set named.query = named.query | replace('{' ~ master_data().subjects[model] ~ '}', relation | string) -%}
  {%- endfor -%}
  {{ return(named.query) }}
{% endmacro %}

{# What a rule of one record finds, as an expression: words, or NULL. #}
{% macro master_data_finding(rule) -%}
  {%- if rule.needs -%}
    nullif(concat_ws(', ' {%- for thing, present in rule.needs.items() %}, case when ({{ present }}) is not true then 'no {{ thing }}' end {%- endfor %}), '')
  {%- else -%}
    ({{ rule.finds }})::text
  {%- endif -%}
{%- endmacro %}

{# The records of one model that are to be looked at now; `once` keeps what a column costs from being paid by every rule. #}
{% macro touched_records(model, relation, once=false) -%}
  (select record.*
   from {{ ref('int_masterdata__touched') }} as touched
   join {{ relation }} as record on record.client_id = touched.client_id and record.record_id = touched.record_id
   where touched.model = '{{ model }}'{{ ' offset 0' if once }}) as record
{%- endmacro %}

{# The rules of a model that say `way`: same, finds (needs are such, too) or query. #}
{% macro master_data_rules(model, way) %}
  {%- set found = {} -%}
  {%- for name, rule in master_data().rules.items() if rule.about == model -%}
    {%- if rule[way] or (way == 'finds' and rule.needs) -%}{%- do found.update({name: rule}) -%}{%- endif -%}
  {%- endfor -%}
  {{ return(found) }}
{% endmacro %}

{# Every rule planned before one of them runs, so that a bad one is named with its file. #}
{% macro try_master_data_rules() -%}
  {%- if execute -%}
  {%- for name, rule in master_data().rules.items() %}
    {%- set relation = master_data_subjects()[rule.about] %}
    select ops.try_rule('config/policies/masterdata/{{ name }}.yml: looks_at',
      $rule$select from {{ relation }} as record where ({{ rule.looks_at }})$rule$);
    select ops.try_rule('config/policies/masterdata/{{ name }}.yml: {{ 'same' if rule.same else 'query' if rule.query else 'needs' if rule.needs else 'finds' }}',
      {% if rule.query -%}
      $rule$select client_id::text, record_id::bigint, detail::text from ({{ master_data_query(rule.query) }}) as found$rule$
      {%- elif rule.same -%}
      $rule$select md5(({{ rule.same }})::text) from {{ relation }} as record$rule$
      {%- else -%}
      $rule$select {{ master_data_finding(rule) }} from {{ relation }} as record$rule$
      {%- endif %});
  {%- endfor %}
  {%- endif -%}
{%- endmacro %}

{# Removes from a table what it says about records that are to be looked at anew, and about rules that are no more. #}
{% macro forget_touched() -%}
  {% if is_incremental() %}
  delete from {{ this }} as known
  using {{ ref('int_masterdata__touched') }} as touched
  where known.client_id = touched.client_id and known.model = touched.model and known.record_id = touched.record_id
  {% else %}select{% endif %}
{%- endmacro %}

{# A text as it is compared: without case, accents, points and punctuation; a name also without what kind of company it is.
   What is plain ASCII, as most is, needs the shorter half of the work. #}
{% macro folded(name, is_of_a_company=false) -%}
  {%- set lower = "lower(" ~ name ~ " collate pg_c_utf8)" -%}
  {%- set bare = "replace(replace(replace(translate(regexp_replace(normalize(" ~ lower ~ ", NFKD), '[\\u0300-\\u036f]', '', 'g'), 'łøđıς', 'lodiσ'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe')" -%}
  {%- set plain = "case when octet_length(" ~ name ~ ") = length(" ~ name ~ ") then " ~ lower ~ " else " ~ bare ~ " end" -%}
  {%- if is_of_a_company -%}
    {%- set words = "' ' || regexp_replace(translate(" ~ plain ~ ", '.''’`´', ''), '[^[:alnum:]]+', ' ', 'g') || ' '" -%}
    nullif(replace(regexp_replace({{ words }}, '( ({{ master_data().legal_forms | join("|") }}))+(?= )', '', 'g'), ' ', ''), '')
  {%- else -%}
    nullif(regexp_replace({{ plain }}, '[^[:alnum:]]+', '', 'g'), '')
  {%- endif -%}
{%- endmacro %}

{# A rule's place among those of its model, by name. #}
{% macro master_data_bit(name) %}
  {%- set about = master_data().rules[name].about -%}
  {%- set names = [] -%}
  {%- for other, rule in master_data().rules.items() if rule.about == about -%}{%- do names.append(other) -%}{%- endfor -%}
  {{ return(names.index(name)) }}
{% endmacro %}

{# How many places the model with most rules has. #}
{% macro master_data_places() %}
  {%- set most = namespace(places=1) -%}
  {%- for name in master_data().rules -%}{%- set most.places = [most.places, master_data_bit(name) + 1] | max -%}{%- endfor -%}
  {{ return(most.places) }}
{% endmacro %}

{# Odoo's companies may each have a record of the same thing; one without a company belongs to all of them. #}
{% macro same_company(one, other) -%}
  ({{ one }}.company_id is null or {{ other }}.company_id is null or {{ one }}.company_id = {{ other }}.company_id)
{%- endmacro %}
