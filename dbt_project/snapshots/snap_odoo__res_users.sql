{% snapshot snap_odoo__res_users %}
{{ config(unique_key=['client_id', 'odoo_user_id'], indexes=[{'columns': ['client_id', 'odoo_user_id']}]) }}
{{ history_of('stg_odoo__res_users', key=['odoo_user_id'], attributes=['login', 'is_active', 'is_share', 'odoo_company_id']) }}
{% endsnapshot %}
