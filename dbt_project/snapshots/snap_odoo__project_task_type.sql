{% snapshot snap_odoo__project_task_type %}
{{ config(unique_key=['client_id', 'odoo_stage_id'], indexes=[{'columns': ['client_id', 'odoo_stage_id']}]) }}
{{ history_of('stg_odoo__project_task_type', key=['odoo_stage_id'], attributes=['stage_name', 'is_folded', 'is_active']) }}
{% endsnapshot %}
