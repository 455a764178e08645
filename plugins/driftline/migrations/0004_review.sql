-- What readers see. Permanent tables, filled only by publication, readable row by row per reader (ops.reader_scope).
-- A published table `review.x` has the columns of `review_candidate.x` and the bookkeeping columns behind them.

-- In ops, where readers have no USAGE: the policy may call it, a reader cannot name it to ask about somebody else.
create function ops.readable_clients(reader name) returns setof text
  language sql stable security definer set search_path = pg_catalog
  as $$ select s.client_id from ops.reader_scope s where s.role_name = reader $$;
revoke all on function ops.readable_clients(name) from public;
grant execute on function ops.readable_clients(name) to bi_reader;

create table review.scorecard (
  client_id text not null,
  quarter text not null,
  kpi text not null,
  value double precision,
  unit text not null,
  previous_value double precision,
  verdict text not null check (verdict in ('good', 'watch', 'act', 'not proven', 'n/a')),
  reason text not null,
  as_of_at timestamptz not null,
  completeness_pct double precision,
  is_quarter_complete boolean not null,
  primary key (client_id, quarter, kpi)
);

create table review.module_change (
  client_id text not null,
  quarter text not null,
  module text not null,
  changed_at timestamptz not null,
  change text not null check (change in ('installed', 'uninstalled', 'version changed', 'state changed', 'removed')),
  before_state text, after_state text, before_version text, after_version text,
  as_of_at timestamptz not null,
  primary key (client_id, quarter, module, changed_at)
);

create table review.ticket_flow (
  client_id text not null,
  quarter text not null,                    -- the quarter under review
  period_kind text not null check (period_kind in ('week', 'quarter')),
  period text not null,                     -- 2026W38 (ISO week) or 2026Q3
  period_start_on date not null,
  opened_count bigint not null,
  closed_count bigint not null,
  backlog_count bigint not null,            -- open at the period's end (or at as_of_at, if earlier)
  is_period_complete boolean not null,
  as_of_at timestamptz not null,
  primary key (client_id, quarter, period_kind, period)
);

create table review.access_user (
  client_id text not null,
  quarter text not null,
  odoo_user_id bigint not null,
  login text,
  user_kind text not null check (user_kind in ('internal', 'share', 'superuser')),
  is_active boolean,
  group_count bigint not null,
  group_names text[] not null,
  last_login_at timestamptz,
  employee_state text not null check (employee_state in ('active', 'archived', 'none', 'n/a')),
  as_of_at timestamptz not null,
  primary key (client_id, quarter, odoo_user_id)
);

-- One row per publication of one client's quarter; the same build published again moves published_at only.
create table review.publication (
  publication_id bigint generated always as identity primary key,
  client_id text not null,
  quarter text not null,
  build_id text not null,
  is_published boolean not null,            -- false: the gate was closed and the rows stayed as they were
  reason text not null default '',
  row_counts jsonb not null default '{}',
  as_of_at timestamptz not null,
  published_at timestamptz not null,
  unique (client_id, quarter, build_id, is_published)
);

do $$
declare t text;
begin
  foreach t in array array['scorecard', 'module_change', 'ticket_flow', 'access_user'] loop
    execute format('alter table review.%I
      add column build_id text not null, add column published_at timestamptz not null,
      add column is_stale boolean not null default false, add column stale_since_at timestamptz, add column stale_reason text', t);
  end loop;
  foreach t in array array['scorecard', 'module_change', 'ticket_flow', 'access_user', 'publication'] loop
    execute format('grant select, insert, update, delete on review.%I to driftline_publisher', t);
    execute format('alter table review.%I enable row level security', t);
    execute format('create policy readers on review.%I for select to bi_reader
      using (client_id in (select ops.readable_clients(current_user)) or ''*'' in (select ops.readable_clients(current_user)))', t);
    execute format('create policy publisher on review.%I to driftline_publisher using (true) with check (true)', t);
    execute format('create policy transformer on review.%I for select to driftline_transformer using (true)', t);
  end loop;
end $$;
