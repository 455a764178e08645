-- One row per client of the build and model that is staged: do the staging views hold what raw holds, client by client?
set role driftline_loader;

-- Staging belongs to dbt and comes and goes with it, so that its views are found by their names.
create function quality.staged_counts() returns table (
  client_id text, model text, raw_count bigint, raw_deleted_count bigint, raw_read_at timestamptz,
  staged_count bigint, staged_deleted_count bigint, staged_read_at timestamptz)
  language plpgsql stable set search_path = pg_catalog
  as $$
declare
  staged record;
begin
  for staged in
    select c.relname as view, substring(c.relname from length('stg_odoo__') + 1) as model
    from pg_class c
    where c.relnamespace = to_regnamespace('staging') and c.relkind in ('r', 'v', 'm') and c.relname ^@ 'stg_odoo__'
    order by c.relname
  loop
    return query execute format(
      'with landed as ('
      '  select client_id, count(*) as every, count(_deleted_at) as deleted, max(_read_at) as read_at'
      '  from raw.%1$I group by client_id),'
      ' shown as ('
      '  select client_id, count(*) as every, count(*) filter (where is_deleted) as deleted, max(read_at) as read_at'
      '  from staging.%2$I group by client_id)'
      ' select coalesce(landed.client_id, shown.client_id), %1$L::text, coalesce(landed.every, 0),'
      '  coalesce(landed.deleted, 0), landed.read_at, coalesce(shown.every, 0), coalesce(shown.deleted, 0), shown.read_at'
      ' from landed full join shown on shown.client_id = landed.client_id',
      staged.model, staged.view);
  end loop;
end $$;

create view quality.staged_model as
select staged.*
from quality.staged_counts() as staged
join quality.checked_client c on c.client_id = staged.client_id;

reset role;
