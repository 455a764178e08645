-- What drift is measured from, and which changes were decided.
set role driftline_loader;

-- One row per client and named baseline: the moment that later states are compared with. 'onboarding' is set by itself.
create table ops.baseline (
  client_id text not null,
  name text not null,
  baseline_on date not null,                -- the client's own day
  baseline_at timestamptz not null,         -- the moment whose history counts
  set_at timestamptz not null,
  primary key (client_id, name)
);

-- One row per build and entry of config/policies/approved_changes.yml.
create table ops.approved_change (
  build_id text not null references ops.build on delete cascade,
  change_id text not null,
  client_id text not null,
  entity text not null,                     -- Odoo's model
  key text,                                 -- id, name or external id; NULL = whichever record changed
  from_on date not null,
  until_on date not null,                   -- inclusive, the client's own days
  approved_by text not null,
  reason text not null,
  ticket text,
  primary key (client_id, build_id, change_id)
);

reset role;
