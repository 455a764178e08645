-- A night's proof speaks of the state at its as-of time. Before the first proof, the first one is the best that is known.
select distinct on (proof.client_id, proof.model)
  proof.client_id,
  proof.model,
  proof.verdict not in ('absent', 'hidden') as is_present,
  proof.verdict,
  night.as_of_at as proven_at
from {{ source('ops', 'completeness') }} as proof
join {{ source('ops', 'night') }} as night on night.night_id = proof.night_id
join {{ ref('int_review__period') }} as period on period.client_id = proof.client_id
order by
  proof.client_id,
  proof.model,
  night.as_of_at > period.as_of_at,
  case when night.as_of_at <= period.as_of_at then night.as_of_at end desc,
  night.as_of_at,
  proof.checked_at desc
