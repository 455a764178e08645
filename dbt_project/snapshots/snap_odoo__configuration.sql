{% snapshot snap_odoo__configuration %}
{{ config(
    unique_key=['client_id', 'entity', 'record_id', 'related_id'],
    indexes=[{'columns': ['client_id', 'entity', 'record_id', 'related_id']}, {'columns': ['dbt_valid_from']}]
) }}
select *, {{ build_as_of_at() }} as snapshotted_at from {{ ref('int_drift__read') }}
{% endsnapshot %}
