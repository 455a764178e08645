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
