{% snapshot snap_odoo__hr_version %}
{{ config(unique_key=['client_id', 'odoo_version_id'], indexes=[{'columns': ['client_id', 'odoo_version_id']}]) }}
{{ history_of('stg_odoo__hr_version', key=['odoo_version_id'], attributes=['odoo_employee_id', 'starts_on', 'odoo_department_id', 'odoo_job_id', 'departure_on', 'is_active']) }}
{% endsnapshot %}
