with counted as (
  select client_id, source_client_id, case when not is_mapped then 'unmapped' when source_client_id = client_id then 'own' else 'mapped' end as mapping, count(*) as ticket_count
  from {{ ref('int_tickets__ticket') }}
  group by 1, 2, 3
  union all
  select owner_client_id, client_id, 'mirrored', count(*)
  from {{ ref('int_tickets__ownership') }}
  where mirrored_ticket_id is not null
  group by 1, 2
)

select counted.client_id, source.quarter, counted.source_client_id, counted.mapping, counted.ticket_count, source.as_of_at
from counted
join {{ ref('int_tickets__source') }} as source on source.client_id = counted.client_id
