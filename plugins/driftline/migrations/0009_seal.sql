-- Closed quarters: who decided, what was sealed, and the guard that keeps a sealed quarter as it is.
set role driftline_loader;

-- What the build was made with: a hash over dbt's checksums of every model, snapshot, seed and macro.
alter table ops.build add column code_sha256 text;

-- One row per build and decision about its publication. Airflow calls a run that was refused, or never answered, a success.
create table ops.review_decision (
  decision_id bigint generated always as identity primary key,
  build_id text not null references ops.build,
  quarter text not null,
  outcome text not null check (outcome in ('approved', 'rejected', 'timed out', 'refused')),
  decided_by text,                          -- NULL: nobody answered, or nobody that has a name
  decided_at timestamptz not null,
  comment text not null default '',
  run_id text not null default '',          -- Airflow's run; empty: by hand
  check (outcome <> 'approved' or decided_by is not null)
);

reset role;
grant insert on ops.review_decision to driftline_publisher;

-- One row per client, quarter and version of its seal; the highest version is the one that holds.
create table review.seal (
  client_id text not null,
  quarter text not null,
  version integer not null check (version > 0),
  sealed_at timestamptz not null,
  sealed_by text not null,
  reason text not null default '',          -- of a correction; empty for the first version
  build_id text not null,
  as_of_at timestamptz not null,
  code_sha256 text not null,
  manifest jsonb not null,
  manifest_sha256 text not null,
  primary key (client_id, quarter, version),
  check ((version = 1) = (reason = ''))
);

-- One row per sealed table: its rows as lines of JSON, compressed. Not for readers: the inputs are rows of single persons,
-- under pseudonyms.
create table ops.seal_part (
  client_id text not null,
  quarter text not null,
  version integer not null,
  part text not null check (part in ('published', 'inputs')),
  table_name text not null,
  content bytea not null,
  primary key (client_id, quarter, version, part, table_name),
  foreign key (client_id, quarter, version) references review.seal
);

grant select, insert on review.seal, ops.seal_part to driftline_publisher;
alter table review.seal enable row level security;
create policy publisher on review.seal to driftline_publisher using (true) with check (true);
create policy readers on review.seal for select to bi_reader
  using (client_id in (select ops.readable_clients(current_user)) or '*' in (select ops.readable_clients(current_user)));
create policy transformer on review.seal for select to driftline_transformer using (true);

create function review.refuse_sealed() returns trigger
  language plpgsql security definer set search_path = pg_catalog
  as $$
declare sealed record;
begin
  if current_setting('driftline.correcting', true) = 'yes' then
    return null;
  end if;
  if tg_op = 'TRUNCATE' then
    select s.client_id, s.quarter into sealed from review.seal s limit 1;
  else
    select s.client_id, s.quarter into sealed from review.seal s
    join touched t on t.client_id = s.client_id and t.quarter = s.quarter limit 1;
  end if;
  if found then
    raise exception 'quarter % of client % is sealed; a correction is a new version of the seal', sealed.quarter, sealed.client_id
      using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;

-- Every table that publication fills gets the guard, those of later migrations as well: `driftline migrate` calls it.
create function review.guard_sealed() returns void
  language plpgsql set search_path = pg_catalog
  as $$
declare t record;
begin
  for t in
    select c.oid::regclass as name from pg_class c
    where c.relnamespace = 'review'::regnamespace and c.relkind = 'r'
      and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'is_stale')
      and not exists (select from pg_trigger g where g.tgrelid = c.oid and g.tgname = 'sealed_truncate')
  loop
    execute format('create trigger sealed_insert after insert on %s referencing new table as touched
      for each statement execute function review.refuse_sealed()', t.name);
    execute format('create trigger sealed_update after update on %s referencing old table as touched
      for each statement execute function review.refuse_sealed()', t.name);
    execute format('create trigger sealed_update_to after update on %s referencing new table as touched
      for each statement execute function review.refuse_sealed()', t.name);
    execute format('create trigger sealed_delete after delete on %s referencing old table as touched
      for each statement execute function review.refuse_sealed()', t.name);
    execute format('create trigger sealed_truncate before truncate on %s
      for each statement execute function review.refuse_sealed()', t.name);
  end loop;
end $$;
select review.guard_sealed();
