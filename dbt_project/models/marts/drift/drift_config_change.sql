select
  finding.client_id,
  finding.finding_id,
  finding.kind,
  finding.area,
  finding.entity,
  finding.entity_key,
  finding.what,
  finding.before_value,
  finding.after_value,
  finding.changed_by_user_id,
  finding.changed_by,
  finding.changed_at,
  finding.seen_at,
  finding.origin,
  finding.survives_update,
  explanation.explained_by is not null as is_explained,
  explanation.explained_by,
  finding.evidence_count,
  period.quarter,
  period.as_of_at
from {{ ref('int_drift__finding') }} as finding
join {{ ref('int_review__period') }} as period on period.client_id = finding.client_id
left join {{ ref('int_drift__explanation') }} as explanation
  on explanation.client_id = finding.client_id and explanation.finding_id = finding.finding_id
where finding.comparison = 'night'
