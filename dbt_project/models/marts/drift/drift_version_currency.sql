with marks as (
  select
    data.client_id,
    marker.major,
    min(data.created_at) as arrived_at
  from {{ ref('stg_odoo__ir_model_data') }} as data
  join {{ ref('odoo_upgrade_markers') }} as marker
    on marker.module = data.module_name and marker.name = data.external_name
  group by data.client_id, marker.major
),

origins as (
  select client_id, min(created_at) as made_at
  from {{ ref('stg_odoo__ir_model_data') }}
  where module_name = 'base' and external_name = 'model_res_users'
  group by client_id
),

dated as (
  select
    period.client_id,
    period.quarter,
    period.as_of_at,
    period.as_of_on,
    version.series,
    version.major,
    case
      when version.major is null then null
      when mark.arrived_at < period.as_of_at then (mark.arrived_at at time zone period.timezone)::date
      when period.last_version_upgrade_on <= period.as_of_on then period.last_version_upgrade_on
    end as upgraded_on,
    case
      when version.major is null then null
      when mark.arrived_at < period.as_of_at
        -- Setting up a database takes minutes; a database this young when the version came began its life on it.
        then case when mark.arrived_at < origin.made_at + interval '2 days' then 'made on this version' else 'upgraded' end
      when period.last_version_upgrade_on <= period.as_of_on then 'declared'
    end as upgrade_basis
  from {{ ref('int_review__period') }} as period
  left join {{ ref('int_review__odoo_version') }} as version on version.client_id = period.client_id
  left join marks as mark on mark.client_id = period.client_id and mark.major = version.major
  left join origins as origin on origin.client_id = period.client_id
),

compared as (
  select
    dated.*,
    latest.major as latest_major,
    latest.release as latest_release,
    case when dated.major is not null then greatest(latest.major - dated.major, 0) end as majors_behind,
    own.support_ends_on,
    own.support_basis,
    own.support_ends_on - dated.as_of_on as support_left_days,
    dated.as_of_on - dated.upgraded_on as upgrade_age_days
  from dated
  left join lateral (
    select release.release, release.major
    from {{ ref('odoo_releases') }} as release
    where release.released_on <= dated.as_of_on
    order by release.major desc
    limit 1
  ) as latest on true
  left join {{ ref('odoo_releases') }} as own on own.major = dated.major
)

select
  client_id,
  quarter,
  series,
  major,
  latest_release,
  majors_behind,
  support_ends_on,
  support_basis,
  support_left_days,
  upgraded_on,
  upgrade_basis,
  upgrade_age_days,
  case
    when major is null then 'the Odoo version is not known: nothing was read of this client up to ' || as_of_on
    when upgrade_age_days is null
      then 'nothing dates the arrival of ' || series || ': the record that came with it is not in the database, and '
        || 'the registry has no last_version_upgrade_on up to ' || as_of_on
    else ''
  end as reason,
  as_of_at
from compared
