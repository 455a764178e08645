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

-- One row per entry of config/policies/approved_changes.yml, as of the last build.
create table ops.approved_change (
  change_id text primary key,
  client_id text not null,
  entity text not null,                     -- Odoo's model
  key text,                                 -- id, name or external id; NULL = whichever record changed
  from_on date not null,
  until_on date not null,                   -- inclusive, the client's own days
  approved_by text not null,
  reason text not null,
  ticket text
);

-- One row per policy word of config/policies/drift.yml, as of the last build.
create table ops.drift_policy (
  name text not null,
  value text not null,
  primary key (name, value)
);

reset role;
