-- The phase in which no trend is claimed, and the trend as readers see it: for all tickets and per category.
set role driftline_loader;
alter table ops.client add column stabilisation_until date;
reset role;

create table review.ticket_trend (
  client_id text not null,
  quarter text not null,
  category text not null,                   -- '' for all tickets together
  trend text not null check (trend in ('declining', 'growing', 'flat', 'not proven', 'n/a')),
  reason text not null,
  test text not null check (test in ('year on year', 'short series', 'none')),
  week_count bigint not null,
  ticket_count bigint not null,
  recent_count bigint,
  earlier_count bigint,
  change_pct double precision,
  change_low_pct double precision,
  change_high_pct double precision,
  p_value double precision,
  adjusted_p_value double precision,
  slope_per_week double precision,
  slope_pct double precision,
  tau double precision,
  tickets_per_user double precision,
  per_user_trend text not null check (per_user_trend in ('declining', 'growing', 'flat', 'not proven', 'n/a')),
  per_user_reason text not null,
  per_user_change_pct double precision,
  flat_within_pct double precision not null,
  as_of_at timestamptz not null,
  primary key (client_id, quarter, category)
);
select ops.make_published('ticket_trend');

-- Whether targets are met and how old the backlog is, per quarter; and what to fix first, per category.
create table review.ticket_service (
  client_id text not null,
  quarter text not null,
  period text not null,
  period_start_on date not null,
  opened_count bigint not null,
  closed_count bigint not null,
  reopened_count bigint not null,
  deleted_open_count bigint not null,
  net_count bigint not null,
  backlog_count bigint not null,
  backlog_to_7_days_count bigint not null,
  backlog_to_30_days_count bigint not null,
  backlog_to_90_days_count bigint not null,
  backlog_over_90_days_count bigint not null,
  source_open_count bigint,
  source_difference_count bigint,
  response_median_business_hours double precision,
  response_p90_business_hours double precision,
  resolution_median_business_hours double precision,
  resolution_p90_business_hours double precision,
  first_contact_pct double precision,
  response_met_count bigint not null,
  response_missed_count bigint not null,
  response_running_count bigint not null,
  response_at_risk_count bigint not null,
  response_met_pct double precision,
  resolution_met_count bigint not null,
  resolution_missed_count bigint not null,
  resolution_running_count bigint not null,
  resolution_at_risk_count bigint not null,
  resolution_met_pct double precision,
  odoo_disagrees_count bigint not null,
  target_reason text not null,
  hours_reason text not null,
  is_period_complete boolean not null,
  as_of_at timestamptz not null,
  primary key (client_id, quarter, period)
);
select ops.make_published('ticket_service');

create table review.ticket_driver (
  client_id text not null,
  quarter text not null,
  category text not null,
  rank bigint not null,
  opened_count bigint not null,
  share_pct double precision not null,
  repeat_count bigint not null,
  known_requester_count bigint not null,
  repeat_pct double precision,
  trend text not null,
  trend_reason text not null,
  hours double precision,
  hours_reason text not null,
  as_of_at timestamptz not null,
  primary key (client_id, quarter, category)
);
select ops.make_published('ticket_driver');
