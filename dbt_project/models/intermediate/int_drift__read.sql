{# Not a ref: the history is taken from these rows. #}
{%- set history = adapter.get_relation(database=this.database, schema='snapshots', identifier='configuration') if execute %}

with {% if history %}taken as (
  select client_id, entity, max(read_at) as read_at from {{ history }} group by client_id, entity
),

{% endif %}read as (
  {{ configuration_rows(history) }}
),

-- That a model is watched is history too: what comes later is new, what was there when it began is not.
watched as (
  select watermark.client_id, watermark.model as entity
  from {{ source('ops', 'watermark') }} as watermark
  where watermark.model in ({% for entry in configuration_entries() %}'{{ entry.model }}'{{ ', ' if not loop.last }}{% endfor %})
  {% if history %}
    and not exists (
      select from {{ history }} as kept
      where kept.client_id = watermark.client_id and kept.entity = watermark.model and kept.record_id = 0)
  {% endif %}
),

rows as (
  select * from read
  union all
  select client_id, entity, 0, 0, '{}', null, null, null, null, false, null from watched
)

-- People's stamps are part of a state, so that a row touched without a change can be told; those of the system are not.
select
  *,
  md5(row(content, is_deleted, case when write_uid <> 1 then extract(epoch from write_date) end)::text) as row_hash
from rows
