-- What a CTO reads of drift, published.

-- Makes a table one that publication fills and readers see row by row: bookkeeping columns, rights, row-level security.
create function ops.make_published(name text) returns void language plpgsql as $$
begin
  execute format('alter table review.%I
    add column build_id text not null, add column published_at timestamptz not null,
    add column is_stale boolean not null default false, add column stale_since_at timestamptz, add column stale_reason text', name);
  execute format('grant select, insert, update, delete on review.%I to driftline_publisher', name);
  execute format('alter table review.%I enable row level security', name);
  execute format('create policy readers on review.%I for select to bi_reader
    using (client_id in (select ops.readable_clients(current_user)) or ''*'' in (select ops.readable_clients(current_user)))', name);
  execute format('create policy publisher on review.%I to driftline_publisher using (true) with check (true)', name);
  execute format('create policy transformer on review.%I for select to driftline_transformer using (true)', name);
end $$;
revoke all on function ops.make_published(text) from public;

create table review.version_currency (
  client_id text not null,
  quarter text not null,
  as_of_on date not null,
  series text,
  major integer,
  latest_release text,
  majors_behind integer,
  support_ends_on date,
  support_basis text,
  support_left_days integer,
  support_reason text not null,
  legacy_rpc_ends_on date,
  legacy_rpc_left_days integer,
  upgraded_on date,
  upgrade_basis text,
  upgrade_age_days integer,
  reason text not null,
  build text,
  build_age_days integer,
  build_behind_days integer,
  build_reason text not null,
  newer_on_disk_count bigint,
  newer_on_disk_reason text not null,
  update_count bigint,
  last_update_seen_at timestamptz,
  update_reason text not null,
  upgrades_planned_count bigint,
  upgrades_done_count bigint,
  next_upgrade_planned_on date,
  plan_reason text not null,
  as_of_at timestamptz not null,
  primary key (client_id, quarter)
);
select ops.make_published('version_currency');

create table review.signal (
  client_id text not null,
  quarter text not null,
  signal text not null,
  value double precision,
  unit text not null,
  previous_value double precision,
  watch_from double precision,
  act_from double precision,
  verdict text not null check (verdict in ('good', 'watch', 'act', 'not proven', 'n/a')),
  reason text not null,
  evidence_count bigint not null,
  as_of_at timestamptz not null,
  primary key (client_id, quarter, signal)
);
select ops.make_published('signal');

create table review.config_drift (
  client_id text not null,
  quarter text not null,
  baseline text not null,
  baseline_on date not null,
  baseline_at timestamptz not null,
  area text not null,
  origin text not null,
  difference_count bigint not null,
  explained_count bigint not null,
  unexplained_count bigint not null,
  lost_at_update_count bigint not null,
  as_of_at timestamptz not null,
  primary key (client_id, quarter, baseline, area, origin)
);
select ops.make_published('config_drift');

create table review.upgrade_impact (
  client_id text not null,
  quarter text not null,
  target_major integer not null,
  target_release text not null,
  is_latest_release boolean not null,
  kind text not null,
  odoo_id bigint not null,
  item text,
  area text not null,
  assessment text not null check (assessment in ('impact', 'no impact found', 'partly assessed', 'not assessed')),
  effort text not null check (effort in ('large', 'medium', 'small', 'unknown', 'none')),
  use_count bigint not null,
  not_assessed_count bigint not null,
  gone_count bigint not null,
  renamed_count bigint not null,
  changed_count bigint not null,
  has_unseen_part boolean not null,
  findings text[] not null,
  plan_position bigint not null,
  deadline_on date,
  deadline_left_days integer,
  as_of_at timestamptz not null,
  primary key (client_id, quarter, target_major, kind, odoo_id)
);
select ops.make_published('upgrade_impact');
