-- The latest reading up to the moment speaks: a build told earlier may have been replaced since.
with builds as (
  select distinct on (run.client_id)
    run.client_id,
    run.transport,
    run.odoo_build as build,
    to_date(substring(run.odoo_build from '-(\d{8})'), 'YYYYMMDD') as built_on
  from {{ source('ops', 'client_run') }} as run
  join {{ source('ops', 'night') }} as night on night.night_id = run.night_id
  join {{ ref('int_review__period') }} as period on period.client_id = run.client_id
  where run.state = 'succeeded' and night.as_of_at <= period.as_of_at
  order by run.client_id, night.as_of_at desc
),

last_readings as (
  select run.client_id, max(night.as_of_at) as as_of_at
  from {{ source('ops', 'client_run') }} as run
  join {{ source('ops', 'night') }} as night on night.night_id = run.night_id
  where run.state = 'succeeded'
  group by run.client_id
),

modules_on_disk as (
  select
    client_id,
    count(*) filter (where {{ version_numbers('disk_version') }} > {{ version_numbers('installed_version') }}) as newer_count,
    count(*) filter (where {{ version_numbers('disk_version') }} is null or {{ version_numbers('installed_version') }} is null) as unlike_count
  from {{ ref('stg_odoo__ir_module_module') }}
  where state in ('installed', 'to upgrade', 'to remove') and not is_deleted
  group by client_id
),

on_disk as (
  select
    period.client_id,
    case when coverage.is_present and reading.as_of_at <= period.as_of_at then module.newer_count end as newer_count,
    case
      when not coverage.is_present then coverage.reason
      -- The history keeps what is installed, not what lies on disk.
      when reading.as_of_at > period.as_of_at then 'what lies on disk is known as of the last reading only'
      when module.unlike_count > 0 then 'left out, for a version that is not made of numbers: ' || module.unlike_count
      when module.client_id is not null and coverage.client_id is not null then ''
    end as reason
  from {{ ref('int_review__period') }} as period
  left join last_readings as reading on reading.client_id = period.client_id
  left join modules_on_disk as module on module.client_id = period.client_id
  left join {{ source('ops', 'field_coverage') }} as coverage
    on coverage.client_id = period.client_id and coverage.model = 'ir.module.module' and coverage.field = 'disk_version'
),

updates as (
  select step.client_id, count(*) as update_count, max(step.changed_at) as last_update_seen_at
  from {{ ref('int_drift__update') }} as step
  join {{ ref('int_review__period') }} as period on period.client_id = step.client_id
  where step.changed_at >= period.quarter_starts_at and step.changed_at <= period.as_of_at
  group by step.client_id
),

plans as (
  select
    plan.client_id,
    count(*) filter (where plan.planned_on <= period.as_of_on) as planned_count,
    count(*) filter (where plan.planned_on <= period.as_of_on and case
      when plan.target = 'update' then exists (
        select from {{ ref('int_drift__update') }} as step
        where step.client_id = plan.client_id
          and (step.changed_at at time zone period.timezone)::date between plan.planned_on and least(plan.planned_on + 14, period.as_of_on))
      else version.major >= split_part(plan.target, '.', 1)::integer
    end) as done_count,
    min(plan.planned_on) filter (where plan.planned_on > period.as_of_on) as next_planned_on
  from {{ source('ops', 'planned_upgrade') }} as plan
  join {{ ref('int_review__period') }} as period on period.client_id = plan.client_id
  left join {{ ref('int_review__odoo_version') }} as version on version.client_id = plan.client_id
  where plan.build_id = {{ build_id() }} and plan.planned_on > period.as_of_on - 365
  group by plan.client_id
),

joined as (
  select
    period.client_id,
    period.quarter,
    period.as_of_at,
    period.as_of_on,
    period.quarter_starts_at,
    version.series,
    version.major,
    latest.release as latest_release,
    case when version.major is not null then greatest(latest.major - version.major, 0) end as majors_behind,
    own.support_ends_on,
    own.support_basis,
    own.support_ends_on - period.as_of_on as support_left_days,
    own.extended_support,
    case when version.major < rpc.major then rpc.removed_on end as legacy_rpc_ends_on,
    case when version.major < rpc.major then greatest(rpc.removed_on - period.as_of_on, 0) when version.major is not null then 0 end as legacy_rpc_left_days,
    upgrade.upgraded_on,
    upgrade.upgrade_basis,
    period.as_of_on - upgrade.upgraded_on as upgrade_age_days
  from {{ ref('int_review__period') }} as period
  left join {{ ref('int_review__odoo_version') }} as version on version.client_id = period.client_id
  left join {{ ref('int_drift__version_upgrade') }} as upgrade on upgrade.client_id = period.client_id
  left join {{ ref('odoo_releases') }} as own on own.major = version.major
  left join {{ ref('odoo_api_removals') }} as rpc on rpc.api = 'legacy_rpc'
  left join lateral (
    select release.release, release.major
    from {{ ref('odoo_releases') }} as release
    where release.released_on <= period.as_of_on
    order by release.major desc
    limit 1
  ) as latest on true
)

select
  joined.client_id,
  joined.quarter,
  joined.as_of_on,
  joined.series,
  joined.major,
  joined.latest_release,
  joined.majors_behind,
  joined.support_ends_on,
  joined.support_basis,
  joined.support_left_days,
  joined.extended_support,
  case
    when joined.major is null then 'the Odoo version is not known'
    when joined.support_ends_on is null then 'the seed of releases has no ' || joined.major || '.0'
    else ''
  end as support_reason,
  joined.legacy_rpc_ends_on,
  joined.legacy_rpc_left_days,
  joined.upgraded_on,
  joined.upgrade_basis,
  joined.upgrade_age_days,
  case
    when joined.major is null then 'the Odoo version is not known: nothing was read of this client up to ' || joined.as_of_on
    when joined.upgrade_age_days is null
      then 'nothing dates the arrival of ' || joined.series || ': the record that came with it is not in the database, and '
        || 'the registry has no last_version_upgrade_on up to ' || joined.as_of_on
    else ''
  end as reason,
  builds.build,
  joined.as_of_on - builds.built_on as build_age_days,
  -- After the end of support no fixes come that a build could lack.
  least(joined.as_of_on, joined.support_ends_on) - builds.built_on as build_behind_days,
  case
    when builds.build is not null then ''
    when builds.client_id is null then 'no reading of this client up to that day'
    when builds.transport = 'postgres' then 'a server tells its build over HTTP and RPC only; the client is read from its database'
    else 'its server tells its series only, no build'
  end as build_reason,
  on_disk.newer_count as newer_on_disk_count,
  coalesce(on_disk.reason, 'no reading of this client told it') as newer_on_disk_reason,
  case when reading.first_read_at is not null then coalesce(updates.update_count, 0) end as update_count,
  updates.last_update_seen_at,
  case
    when reading.first_read_at is null then 'this client was never read'
    when reading.first_read_at > joined.quarter_starts_at
      then 'only since ' || (reading.first_read_at at time zone 'UTC')::date || ': history begins with the first reading'
    else ''
  end as update_reason,
  plans.planned_count as upgrades_planned_count,
  plans.done_count as upgrades_done_count,
  plans.next_planned_on as next_upgrade_planned_on,
  case when plans.client_id is null then 'config/policies/upgrades.yml has no upgrade of this client in the last year or ahead' else '' end as plan_reason,
  joined.as_of_at
from joined
left join builds on builds.client_id = joined.client_id
left join on_disk on on_disk.client_id = joined.client_id
left join updates on updates.client_id = joined.client_id
left join plans on plans.client_id = joined.client_id
left join {{ source('ops', 'build_client') }} as reading
  on reading.client_id = joined.client_id and reading.build_id = {{ build_id() }}
