{# Not a ref: what was taken is written down when all that follows from these rows is done. #}
{{ config(
    pre_hook="{{ try_master_data_rules() }}",
    indexes=[{'columns': ['client_id', 'model', 'record_id']}]
) }}
-- depends_on: {{ ref('stg_odoo__account_move') }} {{ ref('stg_odoo__sale_order') }} {{ ref('stg_odoo__purchase_order') }} {{ ref('stg_odoo__account_journal') }}
{%- set taken = adapter.get_relation(database=this.database, schema='staging', identifier='int_masterdata__taken') if execute %}
{#- What these rules find hangs on other records, too, and there are few of them: all are looked at every time. #}
{%- set always = ['uom.uom', 'account.account', 'account.tax', 'hr.employee'] %}

{% for model, relation in master_data_subjects().items() %}
select record.client_id, '{{ model }}'::text as model, record.record_id, record.read_at
from {{ relation }} as record
{% if taken and model not in always %}
left join {{ taken }} as taken
  on taken.client_id = record.client_id and taken.model = '{{ model }}' and taken.version = '{{ master_data().version }}'
where record.read_at > coalesce(taken.read_at, '-infinity')
{% endif %}
{{ 'union all' if not loop.last }}
{% endfor %}
