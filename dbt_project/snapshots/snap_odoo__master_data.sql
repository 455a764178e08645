{% snapshot snap_odoo__master_data %}
{# What is found follows from what was last read, so that absence means corrected, also of a client not read tonight. #}
{{ config(
    unique_key=['client_id', 'model', 'rule', 'record_id'],
    hard_deletes='invalidate',
    indexes=[{'columns': ['client_id', 'model', 'rule', 'record_id']}]
) }}
select *,
  md5(row(other_record_id, detail, is_in_use, extract(epoch from updated_at), updated_by_odoo_user_id, record_count)::text) as row_hash,
  {{ build_as_of_at() }} as snapshotted_at
from {{ ref('int_masterdata__finding') }}
{% endsnapshot %}
