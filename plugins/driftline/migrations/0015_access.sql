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

select ops.make_published('access_rule');
select ops.make_published('access_exception');
