-- What differs between two moments of one client's history, by cause: the session's settings `driftline.client_id`,
-- `driftline.earlier_at` and `driftline.later_at` say which. Compiled and run by plugins/driftline/comparison.py.
select
  finding.area,
  finding.kind,
  finding.entity,
  finding.entity_key,
  finding.what,
  finding.before_value,
  finding.after_value,
  finding.changed_by,
  finding.changed_at,
  finding.origin,
  finding.survives_update,
  explanation.explained_by,
  finding.evidence_count
from {{ ref('int_drift__finding') }} as finding
left join {{ ref('int_drift__explanation') }} as explanation
  on explanation.client_id = finding.client_id and explanation.finding_id = finding.finding_id
order by finding.area, finding.entity, finding.what, finding.finding_id
