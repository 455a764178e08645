-- Least rights for Driftline to read {name} ({client_id}):
-- SELECT on exactly the columns that the catalogue reads, and on xmin, the row version.
-- Run it in the Odoo database as its owner, and again after an Odoo upgrade; it may be run repeatedly.
-- Give the role a password afterwards: \password {role}
do $driftline$
begin
  if not exists (select from pg_roles where rolname = '{role}') then
    create role {role} login;
  end if;
end $driftline$;
alter role {role} set default_transaction_read_only = on;
grant usage on schema public to {role};
do $driftline$
declare wanted record; columns text;
begin
  for wanted in select * from (values
{tables}
  ) as t (name, columns)
  loop
    select string_agg(quote_ident(attname), ', ') into columns from pg_attribute
      where attrelid = to_regclass('public.' || quote_ident(wanted.name)) and attname = any(wanted.columns)
        and not attisdropped;
    if columns is not null then  -- tables of modules that are not installed are left out
      execute format('revoke all on public.%I from {role}', wanted.name);
      execute format('grant select (%s) on public.%I to {role}', columns, wanted.name);
    end if;
  end loop;
end $driftline$;
