-- Which gate a build stood before, seconds that say whose they are, and messages that a route missed.
set role driftline_loader;

-- nightly: each client's running quarter; quarterly: a quarter that was named, for its review.
alter table quality.gate add column gate text check (gate in ('nightly', 'quarterly'));
update quality.gate set gate = case when b.quarter is null then 'nightly' else 'quarterly' end
  from ops.build b where b.build_id = gate.build_id;
alter table quality.gate alter column gate set not null;

-- A suite's rules run together in a few statements: what each took of it cannot be told.
alter table quality.check_result rename column elapsed_seconds to suite_elapsed_seconds;

-- One row per message and address that did not take it though another did. The next message tries it again.
create table ops.alert_missed (
  message_id bigint not null references ops.alert_message on delete cascade,
  route text not null,                      -- a client's own route; empty: everybody's
  place integer not null,                   -- among the route's addresses; 0: it had none
  address_hash text not null,               -- salted; the address itself is a secret
  client_ids text[] not null,               -- whose news it holds, of a client's own route
  title text not null,
  body text not null,
  settled_at timestamptz,
  outcome text check (outcome in ('delivered', 'given up')),
  primary key (message_id, route, place),
  check ((settled_at is null) = (outcome is null))
);
grant insert, update on ops.alert_missed to driftline_publisher;
reset role;
