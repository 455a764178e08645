{% snapshot snap_odoo__res_groups %}
{{ config(unique_key=['client_id', 'odoo_group_id'], indexes=[{'columns': ['client_id', 'odoo_group_id']}]) }}
{{ history_of('stg_odoo__res_groups', key=['odoo_group_id'], attributes=['group_name', 'is_share', 'odoo_category_id', 'odoo_privilege_id']) }}
{% endsnapshot %}
