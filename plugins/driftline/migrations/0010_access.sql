-- What speaks against who can do what, for readers: findings, and which rules could be judged at all.

-- One row per client, quarter and rule of config/policies/{access,sod}.yml.
create table review.access_rule (
  client_id text not null,
  quarter text not null,
  policy text not null check (policy in ('access.yml', 'sod.yml')),
  rule text not null,
  severity text not null check (severity in ('watch', 'act')),
  is_judged boolean not null,
  reason text not null,                     -- why it was not judged; empty where it was
  found_count bigint,                       -- users found, those exempt included; NULL where it was not judged
  as_of_at timestamptz not null,
  primary key (client_id, quarter, policy, rule),
  check (is_judged = (found_count is not null))
);

-- One row per client, quarter, rule and user that it found.
create table review.access_exception (
  client_id text not null,
  quarter text not null,
  policy text not null,
  rule text not null,
  odoo_user_id bigint not null,
  severity text not null check (severity in ('watch', 'act')),
  since_at timestamptz,
  detail text not null,
  evidence_ids text[] not null,
  amounts jsonb not null,                   -- of exercised conflicts: sums by model and currency
  is_exempt boolean not null,
  exempt_owner text,
  exempt_reason text,
  exempt_until_on date,
  as_of_at timestamptz not null,
  primary key (client_id, quarter, policy, rule, odoo_user_id)
);

do $$
declare t text;
begin
  foreach t in array array['access_rule', 'access_exception'] loop
    execute format('alter table review.%I
      add column build_id text not null, add column published_at timestamptz not null,
      add column is_stale boolean not null default false, add column stale_since_at timestamptz, add column stale_reason text', t);
    execute format('grant select, insert, update, delete on review.%I to driftline_publisher', t);
    execute format('alter table review.%I enable row level security', t);
    execute format('create policy readers on review.%I for select to bi_reader
      using (client_id in (select ops.readable_clients(current_user)) or ''*'' in (select ops.readable_clients(current_user)))', t);
    execute format('create policy publisher on review.%I to driftline_publisher using (true) with check (true)', t);
    execute format('create policy transformer on review.%I for select to driftline_transformer using (true)', t);
  end loop;
end $$;
