-- Reading over RPC, what it hides and what it costs; comparisons of every value; the night's cut-off.
set role driftline_loader;

-- A night of kind 'reconcile' compares every value and builds nothing. Readings stop at the cut-off.
alter table ops.night
  add column kind text not null default 'nightly' check (kind in ('nightly', 'reconcile')),
  add column cutoff_at timestamptz;

alter table ops.client_run
  add column transport text check (transport in ('postgres', 'rpc', 'json2')),
  add column reader_user_id bigint,         -- Odoo's user whose login the reading used; NULL on the direct path
  add column call_count bigint,             -- questions to the client's server in all, looks at its models included
  add column retry_count bigint,
  add column source_seconds double precision;

-- What reading a model cost the client's server: questions asked, asked again, and the time it took to answer.
alter table ops.extract_run
  add column call_count bigint not null default 0,
  add column retry_count bigint not null default 0,
  add column source_seconds double precision not null default 0,
  add column source_byte_count bigint not null default 0;

-- When every row of a model was last read: over RPC that must not be too long ago.
alter table ops.watermark add column full_read_at timestamptz;
update ops.watermark set full_read_at = read_at;

-- 'held': rows are missing at the source, more of them than is believed; they stay as they were.
-- 'hidden': the reading account may not read the model; what was read before stays as it was.
alter table ops.completeness
  drop constraint completeness_verdict_check,
  add constraint completeness_verdict_check
    check (verdict in ('complete', 'incomplete', 'absent', 'held', 'hidden')),
  add column held_count bigint not null default 0;

-- One row per client and model: can the reading account see all rows? As of the last look.
create table ops.visibility (
  client_id text not null,
  model text not null,
  verdict text not null check (verdict in ('full', 'partial', 'none')),
  reason text not null default '',          -- empty where the verdict is 'full'
  visible_count bigint,                     -- as the source counts
  read_count bigint,                        -- as the source lists
  dangling_count bigint not null default 0, -- rows that others point at and that cannot be seen
  is_by_design boolean not null default false, -- partial only since Odoo's own code leaves rows out for everybody
  night_id text,                            -- NULL: looked at by hand
  checked_at timestamptz not null,
  primary key (client_id, model)
);

-- One row per comparison of every value of a client's model, in the weekly reconciliation or by hand.
create table ops.reconciliation (
  night_id text not null,
  client_id text not null,
  model text not null,
  method text not null,
  row_count bigint not null,                -- compared
  repaired_count bigint not null,           -- differed although the nights before had said otherwise
  verdict text not null check (verdict in ('equal', 'repaired', 'different')),
  elapsed_seconds double precision not null,
  checked_at timestamptz not null,
  primary key (client_id, night_id, model)
);

reset role;
