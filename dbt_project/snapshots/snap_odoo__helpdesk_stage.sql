{% snapshot snap_odoo__helpdesk_stage %}
{{ config(unique_key=['client_id', 'odoo_stage_id'], indexes=[{'columns': ['client_id', 'odoo_stage_id']}]) }}
{{ history_of('stg_odoo__helpdesk_stage', key=['odoo_stage_id'], attributes=['stage_name', 'is_active', 'is_closed']) }}
{% endsnapshot %}
