with reports as (
  select report.*
  from {{ source('ops', 'module_report') }} as report
  join {{ ref('int_review__period') }} as period on period.client_id = report.client_id
  where report.reported_at <= period.as_of_at
),

coverage as (
  select distinct on (client_id, module) client_id, module, covered_line_count, line_count, reported_at
  from reports
  where line_count is not null
  order by client_id, module, reported_at desc, path
),

tests as (
  select distinct on (client_id, module) client_id, module, test_count, failed_count, skipped_count, reported_at
  from reports
  where test_count is not null
  order by client_id, module, reported_at desc, path
),

messages as (
  select message.client_id, message.model, count(*) as message_count
  from {{ ref('stg_odoo__mail_message') }} as message
  join {{ ref('int_review__period') }} as period on period.client_id = message.client_id
  where message.sent_at >= period.quarter_starts_at and message.sent_at < period.as_of_at
    and exists (
      select from {{ ref('int_drift__module_model') }} as known
      where known.client_id = message.client_id and known.model = message.model
    )
  group by message.client_id, message.model
),

activity as (
  select module.client_id, module.module_name, coalesce(sum(messages.message_count), 0)::bigint as message_count
  from {{ ref('int_drift__module') }} as module
  left join {{ ref('int_drift__module_model') }} as model
    on model.client_id = module.client_id and model.module_name = module.module_name
  left join messages on messages.client_id = model.client_id and messages.model = model.model
  where module.origin = 'custom'
  group by module.client_id, module.module_name
),

joined as (
  select
    module.client_id,
    period.quarter,
    module.module_name as module,
    coverage.covered_line_count,
    coverage.line_count,
    period.as_of_on - (coverage.reported_at at time zone period.timezone)::date as report_age_days,
    {{ policy('test_coverage.report_expires_days') }} as expires_days,
    tests.test_count,
    tests.failed_count,
    tests.skipped_count,
    period.as_of_on - (tests.reported_at at time zone period.timezone)::date as test_age_days,
    -- Commas part authors from each other, as Odoo's own manifests have it.
    case when btrim(module.author) <> '' then position(',' in module.author) = 0 end as is_single_author,
    activity.message_count,
    period.as_of_at
  from {{ ref('int_drift__module') }} as module
  join activity on activity.client_id = module.client_id and activity.module_name = module.module_name
  join {{ ref('int_review__period') }} as period on period.client_id = module.client_id
  left join coverage on coverage.client_id = module.client_id and coverage.module = module.module_name
  left join tests on tests.client_id = module.client_id and tests.module = module.module_name
)

select
  client_id,
  quarter,
  module,
  case when line_count > 0 and report_age_days <= expires_days then 'known' else 'unknown' end as coverage_state,
  case
    when line_count is null then 'no coverage report names this module'
    when line_count = 0 then 'its coverage report has no lines of code'
    when report_age_days > expires_days then 'its latest coverage report is ' || report_age_days || ' days old'
    else ''
  end as reason,
  case when line_count > 0 and report_age_days <= expires_days then 100.0 * covered_line_count / line_count end::double precision as covered_pct,
  covered_line_count,
  line_count,
  report_age_days,
  test_count,
  failed_count,
  skipped_count,
  test_age_days,
  is_single_author,
  message_count,
  1 + message_count as weight,
  as_of_at
from joined
