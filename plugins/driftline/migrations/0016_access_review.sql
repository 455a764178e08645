-- Reviews of access: what was put before reviewers, what they decided, in which file, and what was left open at the end.
-- Nothing here is updated but the end of a cycle: what was said once stays said.
set role driftline_loader;

-- One row per client and quarter whose access is reviewed.
create table ops.access_cycle (
  client_id text not null,
  quarter text not null check (quarter ~ '^\d{4}Q[1-4]$'),
  opened_at timestamptz not null,
  opened_by text not null check (opened_by <> ''),
  due_on date not null,                       -- the client's day by which everything shall be decided
  carry_out_days integer not null check (carry_out_days >= 0),
  owner text not null,                        -- reviews what no manager can
  administrators_owner text not null,         -- reviews administrators, and is none
  policy jsonb not null,                      -- access_review.yml as it was applied
  closed_at timestamptz,
  closed_by text,
  close_comment text,
  primary key (client_id, quarter),
  check ((closed_at is null) = (closed_by is null))
);

-- One row per freezing: 1 is the opening, later ones what was gained since.
create table ops.access_roster_part (
  client_id text not null,
  quarter text not null,
  part integer not null check (part > 0),
  frozen_at timestamptz not null,
  build_id text not null,
  as_of_at timestamptz not null,              -- the moment whose access it lists
  row_count integer not null,
  roster_sha256 text not null,
  primary key (client_id, quarter, part),
  foreign key (client_id, quarter) references ops.access_cycle
);

-- One row per client, quarter and line to be decided.
create table ops.access_roster (
  client_id text not null,
  quarter text not null,
  line integer not null check (line > 0),
  part integer not null,
  roster text not null check (roster in ('staff', 'administrators', 'portal')),
  kind text not null check (kind in ('account', 'membership', 'conflict', 'population')),
  odoo_user_id bigint not null,               -- 0: no single user
  login text not null,
  subject_key text not null,                  -- the group's id, or the rule of a conflict; empty for an account
  subject text not null,
  reviewer text not null,
  suggestion text not null,
  reason text not null,
  primary key (client_id, quarter, line),
  unique (client_id, quarter, kind, odoo_user_id, subject_key),
  foreign key (client_id, quarter, part) references ops.access_roster_part
);

-- One row per worksheet that was taken in.
create table ops.access_import (
  client_id text not null,
  quarter text not null,
  version integer not null check (version > 0),
  part integer not null,
  file_name text not null,
  file_sha256 text not null,
  imported_at timestamptz not null,
  imported_by text not null check (imported_by <> ''),
  sign_off text not null check (sign_off <> ''),
  decision_count integer not null,            -- decisions that it changed
  primary key (client_id, quarter, version),
  unique (client_id, quarter, file_sha256),
  foreign key (client_id, quarter, part) references ops.access_roster_part
);

-- One row per line and worksheet that decided it anew.
create table ops.access_decision (
  client_id text not null,
  quarter text not null,
  version integer not null,
  line integer not null,
  decision text not null check (decision in ('keep', 'revoke', 'deactivate', 'accept', 'resolve', 'ask')),
  decided_by text not null,
  decided_at timestamptz not null,
  note text not null,
  owner text not null,                        -- of an accepted conflict
  until_on date,
  primary key (client_id, quarter, version, line),
  foreign key (client_id, quarter, version) references ops.access_import,
  foreign key (client_id, quarter, line) references ops.access_roster,
  check ((decision = 'accept') = (until_on is not null) and (decision = 'accept') = (owner <> ''))
);

-- The decision that holds of each line: the last one.
create view ops.access_standing_decision as
  select distinct on (d.client_id, d.quarter, d.line)
    d.client_id, d.quarter, d.line, r.roster, r.kind, r.odoo_user_id, r.login, r.subject_key, r.subject, r.reviewer, r.suggestion,
    d.decision, d.decided_by, d.decided_at, d.note, d.owner, d.until_on, d.version, i.imported_at, i.imported_by, i.sign_off,
    c.carry_out_days
  from ops.access_decision d
  join ops.access_roster r using (client_id, quarter, line)
  join ops.access_import i using (client_id, quarter, version)
  join ops.access_cycle c using (client_id, quarter)
  order by d.client_id, d.quarter, d.line, d.version desc;

-- One row per line that a cycle was closed without.
create table ops.access_open_item (
  client_id text not null,
  quarter text not null,
  line integer not null,
  reason text not null,
  owner text not null,
  until_on date not null,
  primary key (client_id, quarter, line),
  foreign key (client_id, quarter, line) references ops.access_roster
);

-- One row per folder of evidence that was written, so that a folder made anew with other content is told from it.
create table ops.access_evidence (
  client_id text not null,
  quarter text not null,
  version integer not null check (version > 0),
  written_at timestamptz not null,
  written_by text not null,
  manifest_sha256 text not null,
  primary key (client_id, quarter, version),
  foreign key (client_id, quarter) references ops.access_cycle
);

grant insert on ops.access_cycle, ops.access_roster_part, ops.access_roster, ops.access_import, ops.access_decision,
  ops.access_open_item, ops.access_evidence to driftline_publisher;
grant update (closed_at, closed_by, close_comment) on ops.access_cycle to driftline_publisher;
reset role;
