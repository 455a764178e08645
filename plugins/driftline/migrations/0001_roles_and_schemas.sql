-- Roles by duty, and the schemas each one owns. The role that migrates becomes a member of each, so that one
-- connection can step down to exactly the rights of the step it runs (SET ROLE).
do $$
declare r text;
begin
  foreach r in array array['driftline_loader', 'driftline_transformer', 'driftline_publisher', 'bi_reader'] loop
    if not exists (select from pg_roles where rolname = r) then
      execute format('create role %I nologin', r);
    end if;
    execute format('grant %I to %I', r, current_user);
  end loop;
  -- Landing stages in temporary tables; a hardened server may have taken that right from everybody.
  execute format('grant temporary on database %I to driftline_loader', current_database());
end $$;

create schema raw authorization driftline_loader;
create schema ops authorization driftline_loader;
create schema quality authorization driftline_loader;
create schema review;   -- owned by the migrating role: nobody who fills or reads it may change its shape or policies

do $$
declare s text;
begin
  foreach s in array array['staging', 'snapshots', 'drift', 'tickets', 'access', 'masterdata', 'engagement', 'review_candidate'] loop
    execute format('create schema %I authorization driftline_transformer', s);
    execute format('grant usage on schema %I to driftline_publisher', s);
    execute format('alter default privileges for role driftline_transformer in schema %I grant select on tables to driftline_publisher', s);
  end loop;
end $$;

grant usage on schema raw, ops, quality to driftline_transformer, driftline_publisher;
alter default privileges for role driftline_loader in schema raw grant select on tables to driftline_transformer;
alter default privileges for role driftline_loader in schema ops, quality grant select on tables to driftline_transformer, driftline_publisher;
grant usage on schema review to driftline_publisher, driftline_transformer, bi_reader;
alter default privileges in schema review grant select on tables to bi_reader, driftline_transformer;
