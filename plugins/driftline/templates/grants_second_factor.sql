
-- Who has a second factor, yes or no: a view with its owner's rights, so that the role never gets at the secret itself.
do $driftline$
begin
  if exists (select from pg_attribute where attrelid = to_regclass('public.res_users')
             and attname = 'totp_secret' and not attisdropped) then
    execute 'drop view if exists public.{view}';
    execute 'create view public.{view} as'
      ' select id, totp_secret is not null as has_second_factor, xmin from public.res_users';
    execute 'revoke all on public.{view} from public';
    execute 'grant select on public.{view} to {role}';
  end if;
end $driftline$;
