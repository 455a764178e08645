-- Who works for a client, where its Odoo does not tell: lists that somebody handed in. Every version stays.
set role driftline_loader;

-- One row per client and list handed in; the last one holds. Without rows it takes back what held before.
create table ops.staff_list (
  client_id text not null,
  version integer not null check (version > 0),
  file_name text not null,
  file_sha256 text not null,
  imported_at timestamptz not null,
  imported_by text not null check (imported_by <> ''),
  row_count integer not null check (row_count >= 0),
  primary key (client_id, version)
);

-- One row per client, list and person.
create table ops.staff_member (
  client_id text not null,
  version integer not null,
  line integer not null check (line > 1),     -- of the file, whose first line names the columns
  person_name text not null check (person_name <> ''),  -- whatever tells people apart there: a number, a name
  odoo_user_id bigint,                        -- empty: has no user
  manager_line integer,
  department text,
  job text,
  odoo_company_id bigint,
  left_on date,                               -- the last day
  primary key (client_id, version, line),
  foreign key (client_id, version) references ops.staff_list,
  foreign key (client_id, version, manager_line) references ops.staff_member
);
reset role;
