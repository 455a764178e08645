-- An entry of the register that fits several findings explains none of them.
select approval.client_id, approval.finding_id, string_agg(approval.change_id, ', ' order by approval.source, approval.change_id) as explained_by
from {{ ref('int_drift__approval') }} as approval
left join {{ ref('drift_approved_change') }} as entry
  on entry.client_id = approval.client_id and entry.change_id = approval.change_id
where approval.source = 'task' or entry.state is distinct from 'matches twice'
group by approval.client_id, approval.finding_id
