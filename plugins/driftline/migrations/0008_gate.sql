-- What the gate lets pass all the same, and what it takes out of a client's review without holding back the rest.
set role driftline_loader;

-- A failed check that a waiver covers is stored as failed, closes nothing and is told with its waiver only.
alter table quality.check_result add column waived_by text;

-- One row per build and entry of config/policies/waivers.yml, as it stood when the build was checked.
create table quality.waiver (
  build_id text not null references ops.build on delete cascade,
  client_id text not null,
  waiver text not null,                     -- the entry's name
  suite text not null,
  expectation text not null,
  reason text not null,
  owner text not null,
  from_on date not null,
  until_on date not null,                   -- inclusive, the client's own days
  state text not null check (state in ('used', 'unused', 'expired', 'not begun')),
  days_left integer not null,               -- 0 on the last day, negative afterwards
  primary key (client_id, build_id, waiver)
);

-- One row per build, client and KPI that failed a check of its own: it is published as n/a with this reason.
create table quality.voided_kpi (
  build_id text not null references ops.build on delete cascade,
  client_id text not null,
  kpi text not null,
  reason text not null,
  primary key (client_id, build_id, kpi)
);

reset role;

-- One row per client of the build and model, as its last reading left them: how recent, how complete, how many, and whether
-- a sample of rows finds what it refers to. The checks of `raw`; its keys are the tables' own primary keys.
set role driftline_loader;

-- Of the newest rows that refer to something: how many find it neither alive nor as a tombstone?
create function quality.dangling_count(whose text, model text, sample_size integer) returns bigint
  language plpgsql stable set search_path = pg_catalog
  as $$
declare
  reference record;
  found bigint;
  total bigint := 0;
begin
  for reference in
    select * from (values
      ('helpdesk.ticket', 'helpdesk_ticket', 'id', 'stage_id', 'helpdesk_ticket_stage'),
      ('project.task', 'project_task', 'id', 'stage_id', 'project_task_type'),
      ('mail.tracking.value', 'mail_tracking_value', 'id', 'mail_message_id', 'mail_message'),
      ('res.groups.users.rel', 'res_groups_users_rel', 'uid', 'uid', 'res_users'),
      ('hr.employee', 'hr_employee', 'id', 'user_id', 'res_users')
    ) as known (model, source, ordered_by, refers_by, target)
    where known.model = dangling_count.model
      and to_regclass(format('raw.%I', known.source)) is not null
      and to_regclass(format('raw.%I', known.target)) is not null
  loop
    execute format(
      'select count(*) from (select s.%1$I as target_id from raw.%2$I s where s.client_id = $1 and s._deleted_at is null'
      ' and s.%1$I is not null order by s.%3$I desc limit $2) sample'
      ' where not exists (select from raw.%4$I t where t.client_id = $1 and t.id = sample.target_id)',
      reference.refers_by, reference.source, reference.ordered_by, reference.target)
      into found using whose, sample_size;
    total := total + found;
  end loop;
  return total;
end $$;

create view quality.model_reading as
select c.client_id, c.is_read, c.is_recomputation, p.model, p.verdict, p.source_count, p.warehouse_count,
       c.as_of_at as build_as_of_at, n.as_of_at as read_as_of_at,
       coalesce(v.verdict, 'full') as visibility,
       quality.dangling_count(c.client_id, p.model, 500) as dangling_count,
       -- The client's own nights before, at most 60 of them.
       (select count(*) from ops.completeness h join ops.night hn using (night_id)
         where h.client_id = p.client_id and h.model = p.model and h.source_count is not null
           and hn.as_of_at < n.as_of_at and hn.as_of_at >= n.as_of_at - interval '60 days') as earlier_nights_count,
       (select percentile_cont(0.5) within group (order by h.warehouse_count)
         from ops.completeness h join ops.night hn using (night_id)
         where h.client_id = p.client_id and h.model = p.model and h.source_count is not null
           and hn.as_of_at < n.as_of_at and hn.as_of_at >= n.as_of_at - interval '60 days') as median_count,
       (select percentile_cont(0.5) within group (order by abs(h.warehouse_count - m.median))
         from ops.completeness h join ops.night hn using (night_id)
         cross join lateral (
           select percentile_cont(0.5) within group (order by i.warehouse_count) as median
           from ops.completeness i join ops.night ino on ino.night_id = i.night_id
           where i.client_id = p.client_id and i.model = p.model and i.source_count is not null
             and ino.as_of_at < n.as_of_at and ino.as_of_at >= n.as_of_at - interval '60 days') as m
         where h.client_id = p.client_id and h.model = p.model and h.source_count is not null
           and hn.as_of_at < n.as_of_at and hn.as_of_at >= n.as_of_at - interval '60 days') as mad_count
from quality.checked_client c
join ops.completeness p on p.client_id = c.client_id and p.night_id = c.last_night_id
join ops.night n on n.night_id = p.night_id
left join ops.visibility v on v.client_id = p.client_id and v.model = p.model;

reset role;
