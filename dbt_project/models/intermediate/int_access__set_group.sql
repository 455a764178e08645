{# What follows from a set never changes, because its id is a digest of all that decides it: only new sets are worked out. #}
{{ config(
    materialized='incremental',
    on_schema_change='fail',
    post_hook="delete from {{ this }} as known where not exists (
      select from {{ ref('int_access__user_set') }} as holder
      where holder.client_id = known.client_id and holder.group_set_id = known.group_set_id)",
    indexes=[{'columns': ['client_id', 'group_set_id', 'odoo_group_id']}, {'columns': ['client_id', 'odoo_group_id']}]
) }}

with sets as (
  select distinct holder.client_id, holder.group_set_id, holder.stored_group_ids
  from {{ ref('int_access__user_set') }} as holder
  {% if is_incremental() %}
  where not exists (
    select from {{ this }} as known
    where known.client_id = holder.client_id and known.group_set_id = holder.group_set_id and known.odoo_group_id = 0)
  {% endif %}
),

stored as (
  select sets.client_id, sets.group_set_id, stored.odoo_group_id
  from sets
  cross join lateral unnest(sets.stored_group_ids) as stored (odoo_group_id)
),

-- The shortest way from a stored group; of several, the one with the lowest ids. Arrays compare by their first elements.
implied as (
  select stored.client_id, stored.group_set_id, path.implied_odoo_group_id as odoo_group_id,
    min(cardinality(path.path)::bigint || path.path) as measured_path
  from stored
  join {{ ref('int_access__group_path') }} as path
    on path.client_id = stored.client_id and path.odoo_group_id = stored.odoo_group_id
  group by stored.client_id, stored.group_set_id, path.implied_odoo_group_id
),

either as (
  select client_id, group_set_id, odoo_group_id,
    stored.odoo_group_id is not null as is_stored,
    implied.measured_path is not null as is_implied,
    implied.measured_path[2:] as path
  from stored
  full join implied using (client_id, group_set_id, odoo_group_id)
)

select
  either.*,
  -- Up to 18.0 the server obeys what is stored, whatever is implied.
  either.is_stored or coalesce(version.major >= 19, false) as is_held
from either
left join {{ ref('int_review__odoo_version') }} as version on version.client_id = either.client_id
union all
-- Access rows without a group count for everybody: a group 0 that everybody holds.
select client_id, group_set_id, 0, false, false, null, true from sets
