-- What the platform knows about its own work. One row per fact, written by the step that did it.
set role driftline_loader;

-- One row per client: the registry as of the last night, so that SQL can join it.
create table ops.client (
  client_id text primary key,
  name text not null,
  timezone text not null,
  odoo_version text,                        -- pinned in the registry; NULL = detected
  ticket_source text not null,              -- 'helpdesk' or 'project'
  ticket_project_ids bigint[] not null default '{}',
  onboarded_on date,
  last_version_upgrade_on date,             -- declared, for clients whose data cannot tell
  is_active boolean not null,
  registered_at timestamptz not null
);

-- One row per night (or recomputation of a past day, which reads nothing).
create table ops.night (
  night_id text primary key,
  as_of_at timestamptz not null,
  is_recomputation boolean not null default false,
  client_ids text[] not null,
  state text not null check (state in ('running', 'finished', 'failed')),
  started_at timestamptz not null,
  finished_at timestamptz,
  conf jsonb not null default '{}'
);

-- One row per night and client. A client's night is whole (succeeded) or not at all (failed).
create table ops.client_run (
  night_id text not null references ops.night,
  client_id text not null,
  state text not null check (state in ('running', 'succeeded', 'failed')),
  odoo_version text,
  read_at timestamptz,                      -- when the source's snapshot was taken
  started_at timestamptz not null,
  finished_at timestamptz,
  error_class text,
  error_message text,
  row_count bigint,
  byte_count bigint,
  primary key (client_id, night_id)
);

-- One row per night, client and model that was read.
create table ops.extract_run (
  night_id text not null,
  client_id text not null,
  model text not null,
  mode text not null check (mode in ('full', 'incremental', 'absent')),
  reason text not null,
  rows_read bigint not null,
  rows_inserted bigint not null,
  rows_updated bigint not null,
  rows_tombstoned bigint not null,
  buckets_repaired bigint not null,
  byte_count bigint not null,
  elapsed_seconds double precision not null,
  primary key (client_id, night_id, model)
);

-- One row per client and model: where the next reading goes on, and what must be unchanged for that to be allowed.
create table ops.watermark (
  client_id text not null,
  model text not null,
  position jsonb not null,                  -- the transport's own; direct reading: {"xmin": …}
  source_identity jsonb not null,
  shape_hash text not null,
  entry_hash text not null,
  read_at timestamptz not null,
  night_id text not null,
  primary key (client_id, model)
);

-- One row per night, client and model: is what lies in raw what lay in the source?
create table ops.completeness (
  night_id text not null,
  client_id text not null,
  model text not null,
  source_count bigint,
  warehouse_count bigint not null,
  tombstone_count bigint not null,
  method text not null,
  verdict text not null check (verdict in ('complete', 'incomplete', 'absent')),
  checked_at timestamptz not null,
  primary key (client_id, night_id, model)
);

-- One row per client and catalogued field: can this Odoo answer it? `reason` is empty where it can.
create table ops.field_coverage (
  client_id text not null,
  model text not null,
  field text not null,
  is_present boolean not null,
  reason text not null default '',
  odoo_version text not null,
  checked_at timestamptz not null,
  primary key (client_id, model, field)
);

-- One row per build of the marts; `quarter` is NULL for "each client's current quarter".
create table ops.build (
  build_id text primary key,
  night_id text references ops.night,
  as_of_at timestamptz not null,
  quarter text check (quarter ~ '^\d{4}Q[1-4]$'),
  is_recomputation boolean not null default false,
  state text not null check (state in ('running', 'succeeded', 'failed')),
  started_at timestamptz not null,
  finished_at timestamptz,
  error_message text
);

-- One row per build and client: which reading the build's numbers rest on.
create table ops.build_client (
  build_id text not null references ops.build,
  client_id text not null,
  is_read boolean not null,                 -- read as recently as this build requires
  reason text not null default '',          -- why not, in words
  last_read_at timestamptz,
  last_night_id text,
  first_read_at timestamptz,                -- history begins here
  completeness_pct double precision,        -- rows proven equal to the source's, of the source's rows
  primary key (client_id, build_id)
);

-- One row per build and dbt node.
create table ops.dbt_result (
  build_id text not null references ops.build,
  node_id text not null,
  resource_type text not null,
  status text not null,
  elapsed_seconds double precision not null,
  failing_count bigint,
  message text,
  primary key (build_id, node_id)
);

-- One row per finding that alerts know: it opens, changes and closes, and is told once at each.
create table ops.alert_state (
  client_id text not null,
  finding text not null,
  severity text not null,
  summary text not null,
  opened_at timestamptz not null,
  changed_at timestamptz not null,
  closed_at timestamptz,
  primary key (client_id, finding)
);

-- One row per message sent or tried.
create table ops.alert_message (
  message_id bigint generated always as identity primary key,
  night_id text not null,
  body text not null,
  is_delivered boolean not null,
  failure text,
  sent_at timestamptz not null
);

-- Which database role may read which client's published rows; client_id '*' = all.
create table ops.reader_scope (
  role_name text not null,
  client_id text not null,
  primary key (role_name, client_id)
);

-- One row per catalogue entry as the raw tables were last made to fit it.
create table ops.catalogue_entry (
  model text primary key,
  table_name text not null,
  entry_hash text not null,
  applied_at timestamptz not null
);

reset role;
grant insert, update on ops.alert_state, ops.alert_message to driftline_publisher;
