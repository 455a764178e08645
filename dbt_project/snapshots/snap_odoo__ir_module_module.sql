{% snapshot snap_odoo__ir_module_module %}
{{ config(unique_key=['client_id', 'odoo_module_id'], indexes=[{'columns': ['client_id', 'odoo_module_id']}]) }}
{{ history_of('stg_odoo__ir_module_module', key=['odoo_module_id'], attributes=['module_name', 'author', 'state', 'installed_version']) }}
{% endsnapshot %}
