{% snapshot snap_odoo__ir_config_parameter %}
{{ config(unique_key=['client_id', 'odoo_parameter_id'], indexes=[{'columns': ['client_id', 'odoo_parameter_id']}]) }}
{{ history_of('stg_odoo__ir_config_parameter', key=['odoo_parameter_id'], attributes=['parameter_key', 'parameter_value']) }}
{% endsnapshot %}
