with targets as (
  select version.client_id, release.major as target_major, release.release as target_release, currency.support_ends_on as deadline_on,
    currency.support_ends_on - currency.as_of_on as deadline_left_days, release.major = max(release.major) over (partition by version.client_id) as is_latest,
    exists (select from {{ ref('odoo_model_fields') }} as seed where seed.major = release.major) as is_seeded
  from {{ ref('int_review__odoo_version') }} as version
  join {{ ref('drift_version_currency') }} as currency on currency.client_id = version.client_id
  join {{ ref('odoo_releases') }} as release on release.major > version.major and release.released_on <= currency.as_of_on
),

assessed as (
  select
    item.client_id,
    item.quarter,
    targets.target_major,
    targets.target_release,
    targets.is_latest,
    targets.is_seeded,
    targets.deadline_on,
    targets.deadline_left_days,
    item.kind,
    item.odoo_id,
    item.item,
    item.area,
    -- Code is not looked at, nor where in the view above it an architecture hooks in.
    item.kind in ('module', 'edited view', 'handmade view') or (item.size_unit = 'characters' and item.size is distinct from 0) as has_unseen_part,
    count(fate.fate) as use_count,
    count(*) filter (where fate.fate = 'not assessed') as not_assessed_count,
    count(*) filter (where fate.fate in ('model gone', 'model renamed')) as model_count,
    count(*) filter (where fate.fate in ('gone', 'moved')) as gone_count,
    count(*) filter (where fate.fate = 'renamed') as renamed_count,
    count(*) filter (where fate.fate in ('type changed', 'relation changed', 'no longer stored')) as changed_count,
    coalesce(array_agg(
      fate.model || case when fate.field_name = '*' then '' else '.' || fate.field_name end || ': ' || fate.fate
        || case when fate.detail <> '' then ', ' || fate.detail else '' end
      order by fate.model, fate.field_name) filter (where fate.fate not in ('kept', 'not assessed')), '{}')
      || case when item.kind = 'edited view' then array['the view itself: loaded anew with its module, the edit is lost'] else '{}' end as findings,
    item.as_of_at
  from {{ ref('drift_customisation') }} as item
  join targets on targets.client_id = item.client_id
  left join {{ ref('int_drift__custom_use') }} as used
    on used.client_id = item.client_id and used.kind = item.kind and used.odoo_id = item.odoo_id
  left join {{ ref('int_drift__use_in_target') }} as fate
    on fate.client_id = used.client_id and fate.target_major = targets.target_major
    and fate.model = used.model and fate.field_name = used.field_name
  group by item.client_id, item.quarter, targets.target_major, targets.target_release, targets.is_latest, targets.is_seeded, targets.deadline_on,
    targets.deadline_left_days, item.kind, item.odoo_id, item.item, item.area, item.size_unit, item.size, item.as_of_at
),

judged as (
  select
    *,
    case
      when cardinality(findings) > 0 then 'impact'
      when not is_seeded or not_assessed_count = use_count and (use_count > 0 or has_unseen_part) then 'not assessed'
      when not_assessed_count > 0 or has_unseen_part then 'partly assessed'
      else 'no impact found'
    end as assessment,
    case
      when model_count > 0 or cardinality(findings) >= 10 then 'large'
      when gone_count + changed_count > 0 or renamed_count > 2 then 'medium'
      when cardinality(findings) > 0 then 'small'
      when not is_seeded or not_assessed_count > 0 or has_unseen_part then 'unknown'
      else 'none'
    end as effort
  from assessed
)

select
  client_id,
  quarter,
  target_major,
  target_release,
  is_latest as is_latest_release,
  kind,
  odoo_id,
  item,
  area,
  assessment,
  effort,
  use_count,
  not_assessed_count,
  model_count + gone_count as gone_count,
  renamed_count,
  changed_count,
  has_unseen_part,
  findings,
  row_number() over (
    partition by client_id, target_major
    order by array_position(array['large', 'medium', 'unknown', 'small', 'none'], effort), cardinality(findings) desc, not_assessed_count desc, kind, odoo_id
  ) as plan_position,
  deadline_on,
  deadline_left_days,
  as_of_at
from judged
