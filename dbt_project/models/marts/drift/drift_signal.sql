{% set span_days = var('signal_span_days') %}

with periods as (
  select period.client_id, period.quarter, period.as_of_at, period.as_of_on, period.ticket_source, reading.first_read_at,
    period.as_of_on - {{ span_days }} as before_on
  from {{ ref('int_review__period') }} as period
  left join {{ source('ops', 'build_client') }} as reading
    on reading.client_id = period.client_id and reading.build_id = {{ build_id() }}
),

absences as (
  select client_id, string_agg(model, ', ' order by model) as models
  from {{ ref('int_review__model_state') }}
  where not is_present and model in ('base_import.mapping', 'ir.exports', 'ir.attachment', 'account.move')
  group by client_id
),

workarounds as (
  select periods.client_id, 'workarounds' as signal,
    count(*) filter (where trace.happened_on > periods.before_on) as value,
    count(*) filter (where trace.happened_on > periods.before_on - {{ span_days }} and trace.happened_on <= periods.before_on) as previous_value,
    count(trace.kind) as evidence_count,
    'traces that lie there: ' || count(trace.kind) || coalesce('; not in this Odoo: ' || absences.models, '') as reason
  from periods
  left join {{ ref('int_drift__workaround') }} as trace on trace.client_id = periods.client_id
  left join absences on absences.client_id = periods.client_id
  where periods.first_read_at is not null
  group by periods.client_id, absences.models
),

version_lag as (
  select currency.client_id, 'version_lag', currency.majors_behind,
    case when before.major is not null then greatest(latest.major - before.major, 0) end,
    (currency.majors_behind is not null)::integer,
    case when currency.majors_behind is null then currency.support_reason else currency.series || ' against ' || currency.latest_release end
  from {{ ref('drift_version_currency') }} as currency
  join periods on periods.client_id = currency.client_id
  left join lateral (
    select {{ major_of('base.installed_version') }} as major
    from {{ ref('snap_odoo__ir_module_module') }} as base
    where base.client_id = periods.client_id and base.module_name = 'base' and not base.is_deleted
      and {{ held_at('base', "periods.as_of_at - interval '" ~ span_days ~ " days'") }}
    order by base.installed_version desc
    limit 1
  ) as before on true
  left join lateral (
    select max(release.major) as major from {{ ref('odoo_releases') }} as release where release.released_on <= periods.before_on
  ) as latest on true
),

optimisation_deferred as (
  select periods.client_id, 'optimisation_deferred',
    case when count(task.odoo_task_id) > 0
      then count(*) filter (where task.is_open and task.untouched_days >= {{ policy('optimisation_deferred.untouched_days') }}) end,
    null::bigint,
    count(*) filter (where task.is_open),
    case when count(task.odoo_task_id) = 0 then 'no task carries a tag that means an optimisation'
      else 'open items: ' || count(*) filter (where task.is_open) || coalesce(', half of them older than '
        || percentile_disc(0.5) within group (order by task.age_days) filter (where task.is_open) || ' days', '') end
  from periods
  left join {{ ref('int_drift__optimisation') }} as task on task.client_id = periods.client_id
  group by periods.client_id
),

reporting_ages as (
  select periods.client_id, 'reporting_ages',
    case when periods.first_read_at is not null then count(*) filter (
      where report.unchanged_days >= {{ policy('reporting_ages.unchanged_days') }} and report.model_changed_at is not null) end,
    case when periods.first_read_at is not null then count(*) filter (
      where report.unchanged_days - {{ span_days }} >= {{ policy('reporting_ages.unchanged_days') }}
        and report.model_changed_at < periods.as_of_at - interval '{{ span_days }} days') end,
    count(report.odoo_id),
    'own reports and saved filters: ' || count(report.odoo_id) || '; dashboards name no model, and their use is not recorded'
  from periods
  left join {{ ref('int_drift__own_report') }} as report on report.client_id = periods.client_id
  group by periods.client_id, periods.first_read_at
),

ticket_queue as (
  select trend.client_id, 'ticket_queue', trend.change_pct, before.change_pct, coalesce(trend.recent_count + trend.earlier_count, 0), trend.reason
  from {{ ref('tickets_trend') }} as trend
  left join {{ ref('int_tickets__change_before') }} as before on before.client_id = trend.client_id
  where trend.category = ''
),

compliance_posture as (
  select client_id, 'compliance_posture', user_count, previous_user_count, exception_count,
    case when judged_count = 0 then 'no rule of access.yml could be judged'
      else 'exceptions of access.yml that nobody exempted: ' || exception_count || '; judged: ' || judged_count || ' of '
        || rule_count || ' rules' end
  from {{ ref('int_drift__access_posture') }}
),

measured as (
  select client_id, signal, value::double precision, previous_value::double precision, evidence_count::bigint, reason from workarounds
  {% for signal in ['version_lag', 'optimisation_deferred', 'reporting_ages', 'ticket_queue', 'compliance_posture'] -%}
  union all
  select * from {{ signal }}
  {% endfor %}
),

thresholds (signal, unit, watch, act) as (
  values
    ('workarounds', 'traces', {{ policy('workarounds.watch') }}, {{ policy('workarounds.act') }}),
    ('version_lag', 'majors', {{ policy('version_lag.watch_majors_behind') }}, {{ policy('version_lag.act_majors_behind') }}),
    ('optimisation_deferred', 'items', {{ policy('optimisation_deferred.watch') }}, {{ policy('optimisation_deferred.act') }}),
    ('reporting_ages', 'items', {{ policy('reporting_ages.watch') }}, {{ policy('reporting_ages.act') }}),
    -- The claim of a trend is statistical: no threshold decides it.
    ('ticket_queue', 'pct_yoy', null, null),
    ('compliance_posture', 'users', {{ policy('compliance_posture.watch') }}, {{ policy('compliance_posture.act') }})
)

select
  periods.client_id,
  periods.quarter,
  thresholds.signal,
  measured.value,
  thresholds.unit,
  coalesce(measured.previous_value, before.previous_value) as previous_value,
  thresholds.watch as watch_from,
  thresholds.act as act_from,
  case
    when periods.first_read_at is null or measured.client_id is null then 'n/a'
    when thresholds.signal = 'ticket_queue'
      then case trend.trend when 'declining' then 'good' when 'flat' then 'watch' when 'growing' then 'act' else trend.trend end
    when measured.value is null then 'n/a'
    when measured.value >= thresholds.act then 'act'
    when measured.value >= thresholds.watch then 'watch'
    else 'good'
  end as verdict,
  case when periods.first_read_at is null then 'this client was never read' else measured.reason end as reason,
  coalesce(measured.evidence_count, 0) as evidence_count,
  periods.as_of_at
from periods
cross join thresholds
left join measured on measured.client_id = periods.client_id and measured.signal = thresholds.signal
left join {{ ref('int_drift__signal_before') }} as before on before.client_id = periods.client_id and before.signal = thresholds.signal
left join {{ ref('tickets_trend') }} as trend on trend.client_id = periods.client_id and trend.category = ''
