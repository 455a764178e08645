-- What a build takes from outside of Odoo: the policies it was built with, and the test reports that clients deliver.
set role driftline_loader;

-- One row per build and setting of config/policies/{drift,signals}.yml: what held when a number was judged.
create table ops.policy_setting (
  build_id text not null references ops.build on delete cascade,
  setting text not null,                    -- section.key, as 'workarounds.watch'
  value jsonb not null,
  primary key (build_id, setting)
);

-- One row per build and upgrade planned in config/policies/upgrades.yml.
create table ops.planned_upgrade (
  build_id text not null references ops.build on delete cascade,
  client_id text not null,
  target text not null,                     -- a series, as '18.0', or 'update' for security and minor updates
  planned_on date not null,
  primary key (client_id, build_id, target, planned_on)
);

-- One row per client and delivered file; a file is read again when its content has changed.
create table ops.report_file (
  client_id text not null,
  path text not null,                       -- below the client's folder
  kind text check (kind in ('cobertura', 'coverage.py', 'junit', 'odoo log')),
  state text not null check (state in ('read', 'refused')),
  message text not null default '',         -- why it was refused, or what in it could not be assigned to a module
  content_sha256 text,
  reported_at timestamptz,                  -- the report's own time, else when the file was last written
  read_at timestamptz not null,
  primary key (client_id, path)
);

-- One row per client, delivered file and module that it speaks of. Coverage or tests: a report tells one of the two.
create table ops.module_report (
  client_id text not null,
  path text not null,
  module text not null,
  covered_line_count bigint,
  line_count bigint,
  test_count bigint,
  failed_count bigint,
  skipped_count bigint,
  reported_at timestamptz not null,
  primary key (client_id, path, module),
  foreign key (client_id, path) references ops.report_file on delete cascade,
  check ((line_count is null) = (covered_line_count is null) and covered_line_count between 0 and line_count),
  check ((test_count is null) = (failed_count is null) and (test_count is null) = (skipped_count is null)
    and failed_count >= 0 and skipped_count >= 0 and failed_count + skipped_count <= test_count)
);

reset role;
