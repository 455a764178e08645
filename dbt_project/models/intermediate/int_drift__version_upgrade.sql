-- What tells since when a client has run on its present major version, best first.
with seen as (
  select step.client_id, (max(step.changed_at) at time zone period.timezone)::date as upgraded_on
  from {{ ref('int_drift__update') }} as step
  join {{ ref('int_review__period') }} as period on period.client_id = step.client_id
  join {{ ref('int_review__odoo_version') }} as version
    on version.client_id = step.client_id and version.major = step.after_major
  where step.before_major < step.after_major and step.changed_at <= period.as_of_at
  group by step.client_id, period.timezone
),

marks as (
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
)

select
  period.client_id,
  case
    when seen.upgraded_on is not null then seen.upgraded_on
    when mark.arrived_at < period.as_of_at then (mark.arrived_at at time zone period.timezone)::date
    when period.last_version_upgrade_on <= period.as_of_on then period.last_version_upgrade_on
  end as upgraded_on,
  case
    when seen.upgraded_on is not null then 'seen'
    when mark.arrived_at < period.as_of_at
      -- Setting up a database takes minutes; a database this young when the version came began its life on it.
      then case when mark.arrived_at < origin.made_at + interval '2 days' then 'made on this version' else 'upgraded' end
    when period.last_version_upgrade_on <= period.as_of_on then 'declared'
  end as upgrade_basis
from {{ ref('int_review__period') }} as period
join {{ ref('int_review__odoo_version') }} as version on version.client_id = period.client_id
left join seen on seen.client_id = period.client_id
left join marks as mark on mark.client_id = period.client_id and mark.major = version.major
left join origins as origin on origin.client_id = period.client_id
