with ticket_trend as (
  select
    client_id,
    'ticket_trend' as kpi,
    change_pct as value,
    case
      when trend = 'declining' then 'good'
      when trend = 'flat' then 'watch'
      -- More users bring more tickets: a company that grew is not blamed for it.
      when trend = 'growing' then case when per_user_trend in ('declining', 'flat') then 'watch' else 'act' end
      else trend
    end as verdict,
    case when trend in ('not proven', 'n/a') then reason else trend || ': ' || reason end
      || case when per_user_trend in ('n/a', 'not proven') then '' else '; ' || per_user_trend || ' by ' || per_user_reason end
    as reason
  from {{ ref('tickets_trend') }}
  where category = ''
),

version_age as (
  select
    client_id,
    'version_upgrade_age' as kpi,
    upgrade_age_days::double precision as value,
    case
      when upgrade_age_days is null then 'n/a'
      when support_left_days < 0 or majors_behind >= {{ policy('version_lag.act_majors_behind') }} then 'act'
      when support_left_days <= {{ policy('version_lag.watch_support_days') }} or majors_behind >= {{ policy('version_lag.watch_majors_behind') }} then 'watch'
      when support_left_days is null or majors_behind is null then 'not proven'
      else 'good'
    end as verdict,
    case
      when major is null then reason
      else 'on ' || series
        || case
          when upgrade_basis = 'made on this version' then ' since it was made on ' || upgraded_on
          when upgrade_basis = 'declared' then ' since ' || upgraded_on || ' (declared)'
          when upgrade_basis in ('upgraded', 'seen') then ' since ' || upgraded_on
          else ''
        end
        || case majors_behind when 0 then ', the latest' when 1 then ', 1 major release behind ' || latest_release
          else coalesce(', ' || majors_behind || ' major releases behind ' || latest_release, '') end
        || coalesce(
          case when support_left_days < 0 then '; support ended in ' else '; supported until ' end
          || to_char(support_ends_on, 'FMMonth YYYY')
          || case when support_basis = 'vendor' then '' else ' (' || support_basis || ')' end,
          '; its support is not known')
        || case when reason <> '' then '; ' || reason else '' end
    end as reason
  from {{ ref('drift_version_currency') }}
),

-- True for every client until the mart exists that answers it.
unanswered (kpi, reason) as (
  values
    ('optimisation_throughput', 'nothing that is read says which work was an optimisation'),
    ('audit_prep_effort', 'no rule says which hours were spent on audit preparation')
),

answers as (
  select * from ticket_trend
  union all
  select * from version_age
  union all
  select client_id, 'customisation_test_coverage', value, verdict, reason
  from {{ ref('int_review__test_coverage') }}
  union all
  select client_id, 'master_data_exception_rate', value, verdict, reason
  from {{ ref('int_review__master_data') }}
  union all
  select period.client_id, unanswered.kpi, null, 'n/a', unanswered.reason
  from {{ ref('int_review__period') }} as period
  cross join unanswered
),

units (kpi, unit) as (
  values
    ('ticket_trend', 'pct_yoy'),
    ('customisation_test_coverage', 'pct'),
    ('version_upgrade_age', 'days'),
    ('optimisation_throughput', 'items'),
    ('master_data_exception_rate', 'pct'),
    ('audit_prep_effort', 'hours')
)

select
  answers.client_id::text as client_id,
  period.quarter::text as quarter,
  answers.kpi::text as kpi,
  answers.value::double precision as value,
  units.unit::text as unit,
  before.value::double precision as previous_value,
  answers.verdict::text as verdict,
  case
    when reading.client_id is null or reading.first_read_at is null then 'this client was never read'
    else answers.reason
  end::text as reason,
  period.as_of_at::timestamptz as as_of_at,
  reading.completeness_pct::double precision as completeness_pct,
  period.is_quarter_complete,
  {{ build_id() }} as build_id
from answers
join {{ ref('int_review__period') }} as period on period.client_id = answers.client_id
join units on units.kpi = answers.kpi
left join {{ source('ops', 'build_client') }} as reading
  on reading.client_id = answers.client_id and reading.build_id = {{ build_id() }}
left join {{ source('review', 'scorecard') }} as before
  on before.client_id = answers.client_id
  and before.quarter = period.previous_quarter
  and before.kpi = answers.kpi
