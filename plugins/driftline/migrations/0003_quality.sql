-- What the checks said. `failing_keys` holds keys, never values.
set role driftline_loader;

create table quality.check_result (
  build_id text not null references ops.build,
  suite text not null,
  expectation text not null,                -- meta.id of the expectation
  severity text not null check (severity in ('critical', 'warning')),
  client_id text not null,                  -- a client that failed; '*' = all clients: passed, or failed as a whole
  is_passed boolean not null,
  observed text,
  expected text,
  failing_count bigint not null default 0,
  failing_keys jsonb not null default '[]', -- up to 20
  elapsed_seconds double precision not null default 0,  -- of the whole suite: its rules run together
  checked_at timestamptz not null,
  primary key (build_id, suite, expectation, client_id)
);

-- One row per build and client: may its rows be published?
create table quality.gate (
  build_id text not null references ops.build,
  client_id text not null,
  is_open boolean not null,
  reason text not null default '',
  decided_at timestamptz not null,
  primary key (build_id, client_id)
);

-- One row per client of the build that this session looks at (setting driftline.build_id), with the quarter under review
-- in the client's own time. Rules compare with it, and publication takes the quarter from it: never from the rows judged.
create view quality.checked_client as
with client as (
  select b.build_id, b.night_id, b.as_of_at, b.is_recomputation,
         bc.client_id, bc.is_read, bc.reason, bc.last_night_id, bc.completeness_pct, c.timezone, c.ticket_source,
         coalesce(b.quarter, to_char(b.as_of_at at time zone c.timezone, 'YYYY"Q"Q')) as quarter
  from ops.build b
  join ops.build_client bc on bc.build_id = b.build_id
  left join ops.client c on c.client_id = bc.client_id
  where b.build_id = current_setting('driftline.build_id', true)
)
select client.*, quarter_starts_at, quarter_ends_at,
       least(as_of_at, quarter_ends_at) as evaluated_at,   -- the moment that the numbers speak of
       history_begins_at                                   -- of what lies before, users and modules cannot be known
from client
cross join lateral (
  select make_date(left(quarter, 4)::int, right(quarter, 1)::int * 3 - 2, 1)::timestamp
) as starts (on_day)
cross join lateral (
  select on_day at time zone timezone, (on_day + interval '3 months') at time zone timezone
) as bounds (quarter_starts_at, quarter_ends_at)
left join lateral (
  select min(n.as_of_at)
  from ops.client_run r join ops.night n on n.night_id = r.night_id
  where r.client_id = client.client_id and r.state = 'succeeded' and not n.is_recomputation
) as history (history_begins_at) on true;

reset role;
