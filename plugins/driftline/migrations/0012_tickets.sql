-- What a build is told of tickets: how a client's stages and requesters are read, what was promised, whose a ticket is.
set role driftline_loader;

-- The client's business hours as its entry declares them (driftline.working_time); NULL: those of its Odoo.
alter table ops.client add column business_hours jsonb;

-- One row per build, client and setting of config/policies/tickets.yml; client_id '' is what holds for all others.
create table ops.ticket_policy (
  client_id text not null,
  build_id text not null references ops.build on delete cascade,
  setting text not null,
  value jsonb not null,
  primary key (client_id, build_id, setting)
);

-- One row per build, client (or ''), and promise; the first that fits holds.
create table ops.ticket_target (
  client_id text not null,
  build_id text not null references ops.build on delete cascade,
  position integer not null,
  priority text,                            -- as Odoo stores it, '0' to '3'; NULL: any
  from_on date,                             -- days of the client on which a ticket is opened; NULL: unbounded
  until_on date,
  clock text not null check (clock in ('business', 'calendar')),
  response_hours double precision check (response_hours > 0),
  resolution_hours double precision check (resolution_hours > 0),
  primary key (client_id, build_id, position)
);

-- One row per build, shared home and rule that says whose a ticket in it is; the first that fits holds.
create table ops.ticket_owner (
  home_client_id text not null,
  build_id text not null references ops.build on delete cascade,
  position integer not null,
  kind text not null check (kind in ('partner', 'project', 'team', 'tag')),
  odoo_id bigint not null,
  client_id text not null,
  primary key (home_client_id, build_id, position)
);

reset role;
