{{ config(materialized='incremental', unique_key=['client_id', 'model'], incremental_strategy='delete+insert', on_schema_change='fail') }}
-- depends_on: {{ ref('int_masterdata__record') }} {{ ref('int_masterdata__fault') }} {{ ref('int_masterdata__duplicate') }}
select client_id, model, '{{ master_data().version }}'::text as version, max(read_at) as read_at
from {{ ref('int_masterdata__touched') }}
group by client_id, model
