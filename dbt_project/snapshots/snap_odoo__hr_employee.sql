{% snapshot snap_odoo__hr_employee %}
{{ config(unique_key=['client_id', 'odoo_employee_id'], indexes=[{'columns': ['client_id', 'odoo_employee_id']}]) }}
{{ history_of('stg_odoo__hr_employee', key=['odoo_employee_id'], attributes=['is_active', 'odoo_user_id', 'manager_odoo_employee_id', 'odoo_company_id', 'odoo_department_id', 'odoo_job_id', 'departure_on', 'current_odoo_version_id']) }}
{% endsnapshot %}
