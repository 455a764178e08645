{% snapshot snap_odoo__project_task %}
{{ config(unique_key=['client_id', 'odoo_task_id'], indexes=[{'columns': ['client_id', 'odoo_task_id']}]) }}
{{ history_of('stg_odoo__project_task', key=['odoo_task_id'], attributes=['is_active', 'odoo_project_id', 'odoo_stage_id', 'priority', 'state', 'is_closed'], instants=['ended_at', 'stage_changed_at']) }}
{% endsnapshot %}
