{% snapshot snap_odoo__res_groups_users_rel %}
{{ config(unique_key=['client_id', 'odoo_user_id', 'odoo_group_id'], indexes=[{'columns': ['client_id', 'odoo_user_id', 'odoo_group_id']}]) }}
{{ history_of('stg_odoo__res_groups_users_rel', key=['odoo_user_id', 'odoo_group_id'], attributes=[]) }}
{% endsnapshot %}
