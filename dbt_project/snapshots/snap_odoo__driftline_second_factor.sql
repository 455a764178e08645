{% snapshot snap_odoo__driftline_second_factor %}
{{ config(unique_key=['client_id', 'odoo_user_id'], indexes=[{'columns': ['client_id', 'odoo_user_id']}]) }}
{{ history_of('stg_odoo__driftline_second_factor', key=['odoo_user_id'], attributes=['has_second_factor']) }}
{% endsnapshot %}
