-- What the gate lets pass all the same, and what it takes out of a client's review without holding back the rest.
set role driftline_loader;

-- A failed check that a waiver covers is stored as failed, closes nothing and is told with its waiver only.
alter table quality.check_result add column waived_by text;

-- One row per build and entry of config/policies/waivers.yml, as it stood when the build was checked.
create table quality.waiver (
  build_id text not null references ops.build on delete cascade,
  client_id text not null,
  waiver text not null,                     -- the entry's name
  suite text not null,
  expectation text not null,
  reason text not null,
  owner text not null,
  from_on date not null,
  until_on date not null,                   -- inclusive, the client's own days
  state text not null check (state in ('used', 'unused', 'expired', 'not begun')),
  days_left integer not null,               -- 0 on the last day, negative afterwards
  primary key (client_id, build_id, waiver)
);

-- One row per build, client and KPI that failed a check of its own: it is published as n/a with this reason.
create table quality.voided_kpi (
  build_id text not null references ops.build on delete cascade,
  client_id text not null,
  kpi text not null,
  reason text not null,
  primary key (client_id, build_id, kpi)
);

reset role;
