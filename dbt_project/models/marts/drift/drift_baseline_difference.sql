with decided as (
  select approval.finding_id, string_agg(approval.change_id, ', ' order by approval.source, approval.change_id) as explained_by
  from {{ ref('int_drift__approval') }} as approval
  left join {{ ref('drift_approved_change') }} as entry on entry.change_id = approval.change_id
  where approval.source = 'task' or entry.state is distinct from 'matches twice'
  group by approval.finding_id
)

select
  finding.client_id,
  baseline.name as baseline,
  finding.finding_id,
  baseline.baseline_on,
  baseline.baseline_at,
  finding.kind,
  finding.area,
  finding.entity,
  finding.entity_key,
  finding.what,
  finding.before_value,
  finding.after_value,
  finding.changed_by,
  finding.changed_at,
  finding.origin,
  finding.survives_update,
  decided.explained_by is not null as is_explained,
  decided.explained_by,
  finding.evidence_count,
  period.quarter,
  period.as_of_at
from {{ ref('int_drift__finding') }} as finding
join {{ source('ops', 'baseline') }} as baseline
  on baseline.client_id = finding.client_id and 'baseline ' || baseline.name = finding.comparison
join {{ ref('int_review__period') }} as period on period.client_id = finding.client_id
left join decided on decided.finding_id = finding.finding_id
