{{ config(
    materialized='incremental',
    on_schema_change='fail',
    pre_hook="{% if is_incremental() %}delete from {{ this }} as known using {{ ref('int_masterdata__stirred_key') }} as stirred
      where known.client_id = stirred.client_id and known.rule = stirred.rule and known.key = stirred.key{% else %}select{% endif %}",
    indexes=[{'columns': ['client_id', 'rule', 'record_id'], 'unique': true}, {'columns': ['client_id', 'rule', 'key']},
      {'columns': ['client_id', 'model', 'other_record_id']}]
) }}

with shared as (
  select said.client_id, said.rule, said.key
  from {{ ref('int_masterdata__stirred_key') }} as stirred
  join {{ ref('int_masterdata__key') }} as said
    on said.client_id = stirred.client_id and said.rule = stirred.rule and said.key = stirred.key
  group by 1, 2, 3
  having count(*) > 1
)

select said.client_id, said.model, said.rule, said.key, said.record_id, said.company_id, earlier.record_id as other_record_id
from shared
join {{ ref('int_masterdata__key') }} as said
  on said.client_id = shared.client_id and said.rule = shared.rule and said.key = shared.key
cross join lateral (
  select other.record_id
  from {{ ref('int_masterdata__key') }} as other
  where other.client_id = said.client_id and other.rule = said.rule and other.key = said.key
    and other.record_id < said.record_id and {{ same_company('other', 'said') }}
  order by other.record_id
  limit 1
) as earlier
