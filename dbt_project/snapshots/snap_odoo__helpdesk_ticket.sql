{% snapshot snap_odoo__helpdesk_ticket %}
{{ config(unique_key=['client_id', 'odoo_ticket_id'], indexes=[{'columns': ['client_id', 'odoo_ticket_id']}]) }}
{{ history_of('stg_odoo__helpdesk_ticket', key=['odoo_ticket_id'], attributes=['is_active', 'odoo_team_id', 'odoo_stage_id', 'odoo_user_id', 'odoo_category_id', 'priority']) }}
{% endsnapshot %}
