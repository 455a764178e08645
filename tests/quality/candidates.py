"""A build as dbt would leave it, written by SQL: every table that a suite looks at, filled with rows that pass."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg2

if TYPE_CHECKING:
    from tests.conftest import Warehouse

BUILD_ID = "build-1"
NIGHT_ID = "night-1"
AS_OF_AT = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
QUARTER = "2026Q4"
ROWS_PER_CLIENT = {
    "scorecard": 6, "module_change": 1, "ticket_flow": 10, "access_user": 4, "version_currency": 1, "signal": 6,
    "config_drift": 8, "upgrade_impact": 2, "ticket_trend": 2, "ticket_service": 2, "ticket_driver": 2,
    "access_rule": 4, "access_exception": 2, "master_data_rate": 6, "master_data_exception": 3,
}  # fmt: skip

_TABLES = """
do $$
declare t text; columns text;
begin
  set local role driftline_transformer;
  foreach t in array string_to_array('{tables}', ' ') loop
    select string_agg(format('%I', attname), ', ' order by attnum) into columns
    from pg_attribute where attrelid = format('review.%I', t)::regclass and attnum > 0
      and attname <> all (array['published_at', 'is_stale', 'stale_since_at', 'stale_reason']);
    execute format('create table review_candidate.%I as select %s from review.%I with no data', t, columns, t);
  end loop;
  create table drift.module_change as table review_candidate.module_change;
  alter table drift.module_change drop column build_id;
  create table masterdata.rate as table review_candidate.master_data_rate;
  alter table masterdata.rate drop column build_id;
  create table masterdata.exception as table review_candidate.master_data_exception;
  alter table masterdata.exception drop column build_id;
  create table drift.version_currency (
    client_id text, quarter text, series text, major integer, latest_release text, majors_behind integer,
    support_ends_on date, support_basis text, support_left_days integer, upgraded_on date, upgrade_basis text,
    upgrade_age_days integer, reason text, as_of_at timestamptz);
  create table drift.signal (
    client_id text, quarter text, signal text, value double precision, unit text, previous_value double precision,
    watch_from double precision, act_from double precision, verdict text, reason text, evidence_count bigint,
    as_of_at timestamptz);
  create table access."user" as table review_candidate.access_user;
  alter table access."user" drop column build_id;
  create table tickets.flow_weekly (
    client_id text, quarter text, period text, period_start_on date, period_starts_at timestamptz,
    period_ends_at timestamptz, opened_count bigint, closed_count bigint, reopened_count bigint,
    deleted_open_count bigint, stamped_close_count bigint, backlog_count bigint, is_period_complete boolean,
    as_of_at timestamptz);
  create table tickets.flow_quarterly as table tickets.flow_weekly;
  create table tickets.sla_event (client_id text, ticket_id bigint, kind text, state text, opened_at timestamptz);
  create table tickets.trend (
    client_id text, category text, quarter text, trend text, reason text, test text, week_count bigint,
    ticket_count bigint, recent_count bigint, earlier_count bigint, t_value double precision, p_value double precision,
    adjusted_p_value double precision, change_pct double precision, change_low_pct double precision,
    change_high_pct double precision, slope_per_week double precision, slope_pct double precision,
    slope_low_pct double precision, slope_high_pct double precision, tau double precision,
    tickets_per_user double precision, per_user_trend text, per_user_reason text, per_user_change_pct double precision,
    per_user_low_pct double precision, per_user_high_pct double precision, flat_within_pct double precision,
    as_of_at timestamptz);
  create table snapshots.ir_module_module (
    client_id text, odoo_module_id bigint, module_name text, state text, installed_version text, is_deleted boolean,
    dbt_valid_from timestamptz, dbt_valid_to timestamptz);
  create table snapshots.configuration (
    client_id text, entity text, record_id bigint, related_id bigint, dbt_valid_from timestamptz,
    dbt_valid_to timestamptz);
  create table drift.config_change (
    client_id text, finding_id text, kind text, entity text, entity_key text, what text, before_value text,
    after_value text, seen_at timestamptz, origin text, is_explained boolean, explained_by text, quarter text,
    as_of_at timestamptz);
  create table drift.baseline_difference (
    client_id text, baseline text, finding_id text, baseline_at timestamptz, kind text, entity text, what text,
    before_value text, after_value text, origin text, is_explained boolean, explained_by text, evidence_count bigint,
    quarter text, as_of_at timestamptz);
  create table drift.config_touched (
    client_id text, entity text, entity_key text, seen_at timestamptz, quarter text, as_of_at timestamptz);
  create table drift.change_effect (
    client_id text, finding_id text, effect text, reason text, ticket_count bigint, ticket_count_low double precision,
    ticket_count_high double precision, expected_count double precision, expected_count_low double precision,
    expected_count_high double precision, quarter text, as_of_at timestamptz);
  create table drift.approved_change (
    client_id text, change_id text, from_on date, until_on date, finding_count bigint, state text, message text,
    quarter text, as_of_at timestamptz);
  create table drift.customisation (
    client_id text, kind text, odoo_id bigint, item text, origin text, size bigint, changed_at timestamptz,
    age_days integer, quarter text, as_of_at timestamptz);
  create table drift.test_coverage (
    client_id text, module text, coverage_state text, reason text, covered_pct double precision,
    covered_line_count bigint, line_count bigint, test_count bigint, failed_count bigint, skipped_count bigint,
    message_count bigint, weight bigint, quarter text, as_of_at timestamptz);
  create table drift.upgrade_impact as table review_candidate.upgrade_impact;
  alter table drift.upgrade_impact drop column build_id;
  create table staging.stg_odoo__helpdesk_ticket (
    client_id text, odoo_ticket_id bigint, is_deleted boolean, read_at timestamptz);
  create table drift.config_drift (
    client_id text, baseline text, area text, origin text, difference_count bigint, explained_count bigint,
    unexplained_count bigint, lost_at_update_count bigint, quarter text, as_of_at timestamptz);
end $$
"""

_ROWS = {
    "ops.client": """
        insert into ops.client (client_id, name, timezone, ticket_source, is_active, registered_at)
        select c, 'Client ' || c, 'Europe/Athens', 'helpdesk', true, %(as_of)s from unnest(%(clients)s) c
    """,
    "ops.night": """
        insert into ops.night (night_id, as_of_at, client_ids, state, started_at, finished_at)
        values (%(night)s, %(as_of)s, %(clients)s, 'finished', %(as_of)s, %(as_of)s)
    """,
    "ops.client_run": """
        insert into ops.client_run
          (night_id, client_id, state, odoo_version, read_at, started_at, finished_at, row_count)
        select %(night)s, c, 'succeeded', '17.0', %(as_of)s, %(as_of)s, %(as_of)s, 1000 from unnest(%(clients)s) c
    """,
    "ops.completeness": """
        insert into ops.completeness
        select %(night)s, c, 'helpdesk.ticket', 100, 100, 0, 'digest', 'complete', %(as_of)s from unnest(%(clients)s) c
    """,
    "ops.build": """
        insert into ops.build (build_id, night_id, as_of_at, state, started_at, finished_at)
        values (%(build)s, %(night)s, %(as_of)s, 'succeeded', %(as_of)s, %(as_of)s)
    """,
    "ops.build_client": """
        insert into ops.build_client
          (build_id, client_id, is_read, last_read_at, last_night_id, first_read_at, completeness_pct)
        select %(build)s, c, true, %(as_of)s, %(night)s, %(as_of)s, 100 from unnest(%(clients)s) c
    """,
    "snapshots.ir_module_module": """
        insert into snapshots.ir_module_module
        select c, 1, 'sale', state, version, false, since::timestamptz, until::timestamptz
        from unnest(%(clients)s) c,
          (values ('uninstalled', null, '2026-01-01 02:00+00', '2026-11-02 02:00+00'),
                  ('installed', '17.0.1.0', '2026-11-02 02:00+00', null)) v (state, version, since, until)
    """,
    "ops.baseline": """
        insert into ops.baseline
        select c, 'onboarding', '2026-01-01', '2026-01-01 02:00+00', '2026-01-01 02:00+00' from unnest(%(clients)s) c
        on conflict do nothing
    """,
    "snapshots.configuration": """
        insert into snapshots.configuration
        select c, 'ir.config_parameter', id, 0, since::timestamptz, until::timestamptz
        from unnest(%(clients)s) c,
          (values (0, '2026-01-01 02:00+00', null), (1, '2026-01-01 02:00+00', '2026-11-02 02:00+00'),
                  (1, '2026-11-02 02:00+00', null), (2, '2026-11-02 02:00+00', null),
                  (3, '2026-11-02 02:00+00', null)) v (id, since, until)
    """,
    "drift.config_change": """
        insert into drift.config_change
        select c, 'finding', 'changed', 'ir.config_parameter', '1', 'gateway.api_token', 'value: sha256:12',
          'value: sha256:34', '2026-11-02 02:00+00', 'user interface', false, null, %(quarter)s, %(as_of)s
        from unnest(%(clients)s) c
    """,
    "drift.baseline_difference": """
        insert into drift.baseline_difference
        select c, 'onboarding', 'finding', '2026-01-01 02:00+00', 'changed', 'ir.config_parameter', 'gateway.api_token',
          'value: sha256:12', 'value: sha256:34', 'user interface', false, null, 1, %(quarter)s, %(as_of)s
        from unnest(%(clients)s) c
    """,
    "drift.config_touched": """
        insert into drift.config_touched
        select c, 'ir.config_parameter', '2', '2026-11-02 02:00+00', %(quarter)s, %(as_of)s from unnest(%(clients)s) c
    """,
    "drift.change_effect": """
        insert into drift.change_effect
        select c, 'finding', 'more tickets', '', 40, 28.6, 54.5, 10, 7.9, 12.5, %(quarter)s, %(as_of)s
        from unnest(%(clients)s) c
    """,
    "ops.approved_change": """
        insert into ops.approved_change (build_id, change_id, client_id, entity, from_on, until_on, approved_by, reason)
        select %(build)s, 'tax', c, 'account.tax', '2026-11-01', '2026-11-05', 'K. Ioannou', 'CHG-131'
        from unnest(%(clients)s) c
    """,
    "drift.approved_change": """
        insert into drift.approved_change
        select c, 'tax', '2026-11-01', '2026-11-05', 0, 'expired', 'nothing like it was seen', %(quarter)s, %(as_of)s
        from unnest(%(clients)s) c
    """,
    "raw.ir_model_fields": """
        insert into raw.ir_model_fields
          (client_id, id, name, state, create_date, _row_version, _read_at, _night_id)
        select c, 5, 'x_gone', 'manual', '2026-01-01', 3, %(as_of)s, %(night)s from unnest(%(clients)s) c
    """,
    "drift.customisation": """
        insert into drift.customisation
        select c, kind, id, item, origin, 1, '2026-10-01 02:00+00', 324, %(quarter)s, %(as_of)s
        from unnest(%(clients)s) c,
          (values ('module', 1, 'acme_extras', 'custom module'), ('field', 5, 'x_gone', 'user interface'),
                  ('field', 6, 'x_kept', 'Studio')) v (kind, id, item, origin)
    """,
    "drift.test_coverage": """
        insert into drift.test_coverage
        select c, 'acme_extras', 'known', '', 75, 30, 40, 12, 1, 2, 9, 10, %(quarter)s, %(as_of)s
        from unnest(%(clients)s) c
    """,
    "raw.helpdesk_ticket": """
        insert into raw.helpdesk_ticket (client_id, id, _row_version, _read_at, _night_id, _deleted_at)
        select c, n, 3, %(as_of)s, %(night)s, case when n = 2 then %(as_of)s::timestamptz end
        from unnest(%(clients)s) c, generate_series(1, 3) n
    """,
    "staging.stg_odoo__helpdesk_ticket": """
        insert into staging.stg_odoo__helpdesk_ticket
        select client_id, id, _deleted_at is not null, _read_at from raw.helpdesk_ticket
        where client_id = any(%(clients)s)
    """,
    "drift.config_drift": """
        insert into drift.config_drift
        select c, 'onboarding', area, case area when 'settings' then 'user interface' else 'none' end,
          (area = 'settings')::integer, 0, (area = 'settings')::integer, 0, %(quarter)s, %(as_of)s
        from unnest(%(clients)s) c, unnest(
            '{modules,customisation,automation,settings,accounting,mail,reporting,access}'::text[]) area
    """,
    "drift.module_change": """
        insert into drift.module_change
        select c, %(quarter)s, 'sale', '2026-11-02 02:00+00', 'installed', 'uninstalled', 'installed', null, '17.0.1.0',
          %(as_of)s
        from unnest(%(clients)s) c
    """,
    "review_candidate.module_change": """
        insert into review_candidate.module_change
        select *, %(build)s from drift.module_change where client_id = any(%(clients)s)
    """,
    "drift.version_currency": """
        insert into drift.version_currency
        select c, %(quarter)s, '17.0', 17, '20.0', 3, '2026-09-30', 'table', -52, '2025-01-01', 'upgraded', 689, '',
          %(as_of)s
        from unnest(%(clients)s) c
    """,
    "drift.signal": """
        insert into drift.signal
        select c, %(quarter)s, signal, value, unit, previous, watch, act, verdict, reason, 1, %(as_of)s
        from unnest(%(clients)s) c,
          (values ('workarounds', 12, 'traces', 3, 10, 50, 'watch', 'traces that lie there: 15'),
                  ('version_lag', 3, 'majors', 2, 1, 3, 'act', '17.0 against 20.0'),
                  ('optimisation_deferred', null, 'items', null, 3, 10, 'n/a', 'no task carries a tag'),
                  ('reporting_ages', 0, 'items', 0, 5, 20, 'good', 'own reports and saved filters: 4'),
                  ('ticket_queue', -12.5, 'pct_yoy', null, null, null, 'good', '70 tickets against 80'),
                  ('compliance_posture', 1, 'users', null, 1, 5, 'watch', 'exceptions of access.yml')
          ) v (signal, value, unit, previous, watch, act, verdict, reason)
    """,
    "review_candidate.version_currency": """
        insert into review_candidate.version_currency (client_id, quarter, as_of_on, series, major, latest_release,
          majors_behind, support_ends_on, support_basis, support_left_days, support_reason, upgraded_on, upgrade_basis,
          upgrade_age_days, reason, build_reason, newer_on_disk_reason, update_count, update_reason, plan_reason,
          as_of_at, build_id)
        select c, %(quarter)s, '2026-11-21', '17.0', 17, '20.0', 3, '2026-09-30', 'table', -52, '', '2025-01-01',
          'upgraded', 689, '', 'told over RPC only', 'told over RPC only', 0, '', 'no plan', %(as_of)s, %(build)s
        from unnest(%(clients)s) c
    """,
    "review_candidate.signal": """
        insert into review_candidate.signal
        select client_id, quarter, signal, value, unit, previous_value, watch_from, act_from, verdict, reason,
          evidence_count, as_of_at, %(build)s
        from drift.signal where client_id = any(%(clients)s)
    """,
    "review_candidate.config_drift": """
        insert into review_candidate.config_drift
        select client_id, quarter, baseline, '2026-01-01', '2026-01-01 02:00+00', area, origin, difference_count,
          explained_count, unexplained_count, lost_at_update_count, as_of_at, %(build)s
        from drift.config_drift where client_id = any(%(clients)s)
    """,
    "review_candidate.upgrade_impact": """
        insert into review_candidate.upgrade_impact
        select c, %(quarter)s, 18, '18.0', true, kind, id, item, 'sales', assessment, effort, uses, 0, gone, 0, 0,
          false, findings, position, '2026-09-30', -52, %(as_of)s, %(build)s
        from unnest(%(clients)s) c,
          (values ('field', 5, 'x_gone', 'impact', 'medium', 1, 1, '{"m.f: gone"}'::text[], 1),
                  ('field', 6, 'x_kept', 'no impact found', 'none', 2, 0, '{}', 2)
          ) v (kind, id, item, assessment, effort, uses, gone, findings, position)
    """,
    "drift.upgrade_impact": """
        insert into drift.upgrade_impact
        select r.client_id, r.quarter, r.target_major, r.target_release, r.is_latest_release, r.kind,
          r.odoo_id, r.item, r.area, r.assessment, r.effort, r.use_count, r.not_assessed_count,
          r.gone_count, r.renamed_count, r.changed_count, r.has_unseen_part, r.findings, r.plan_position,
          r.deadline_on, r.deadline_left_days, r.as_of_at
        from review_candidate.upgrade_impact r where client_id = any(%(clients)s)
    """,
    "review_candidate.scorecard": """
        insert into review_candidate.scorecard
        select c, %(quarter)s, kpi, value, unit, previous, verdict, reason, %(as_of)s, 100, false, %(build)s
        from unnest(%(clients)s) c,
          (values ('ticket_trend', -12.5, 'pct_yoy', -8.0, 'good', ''),
                  ('version_upgrade_age', 689, 'days', null, 'act', ''),
                  ('audit_prep_effort', 61.5, 'hours', 70, 'not proven', 'too few quarters'),
                  ('customisation_test_coverage', null, 'pct', null, 'n/a', 'no tests are read yet'),
                  ('optimisation_throughput', null, 'items', null, 'n/a', 'not read yet'),
                  ('master_data_exception_rate', null, 'pct', null, 'n/a', 'not read yet')
          ) v (kpi, value, unit, previous, verdict, reason)
    """,
    "tickets.flow_weekly": """
        insert into tickets.flow_weekly
        select c, %(quarter)s, to_char(d, 'IYYY"W"IW'), d, d at time zone 'Europe/Athens',
          (d + interval '7 days') at time zone 'Europe/Athens', 3, 1, 1, 1, 0, n * 2,
          (d + interval '7 days') at time zone 'Europe/Athens' <= %(as_of)s, %(as_of)s
        from unnest(%(clients)s) c,
          generate_series('2026-09-28'::timestamp, '2026-11-16', '7 days') with ordinality week (d, n)
    """,
    "tickets.flow_quarterly": """
        insert into tickets.flow_quarterly
        select c, %(quarter)s, to_char(d, 'YYYY"Q"Q'), d, d at time zone 'Europe/Athens',
          (d + interval '3 months') at time zone 'Europe/Athens', opened, others, others, others, 0, backlog,
          (d + interval '3 months') at time zone 'Europe/Athens' <= %(as_of)s, %(as_of)s
        from unnest(%(clients)s) c,
          (values ('2026-07-01'::timestamp, 3, 1, 2), ('2026-10-01', 21, 7, 16)) v (d, opened, others, backlog)
    """,
    "tickets.trend": """
        insert into tickets.trend
        select c, category, %(quarter)s, trend, reason, 'year on year', 104, tickets, recent, earlier, t, p, adjusted_p,
          change, low, high, null, null, null, null, null, 0.5, 'n/a', 'users are known of 8 weeks', null, null, null,
          20, %(as_of)s
        from unnest(%(clients)s) c,
          (values ('', 'declining', '70 tickets against 80', 150, 70, 80, -2.9, 0.013, 0.013, -12.5, -20, -4),
                  ('Fault', 'flat', '60 tickets against 60', 120, 60, 60, 0, 1, 1, 0, -15, 15)
          ) v (category, trend, reason, tickets, recent, earlier, t, p, adjusted_p, change, low, high)
    """,
    "review_candidate.ticket_trend": """
        insert into review_candidate.ticket_trend
        select client_id, quarter, category, trend, reason, test, week_count, ticket_count, recent_count, earlier_count,
          change_pct, change_low_pct, change_high_pct, p_value, adjusted_p_value, slope_per_week, slope_pct, tau,
          tickets_per_user, per_user_trend, per_user_reason, per_user_change_pct, flat_within_pct, as_of_at, %(build)s
        from tickets.trend where client_id = any(%(clients)s)
    """,
    "review_candidate.ticket_flow": """
        insert into review_candidate.ticket_flow
        select client_id, quarter, kind, period, period_start_on, opened_count, closed_count, backlog_count,
          is_period_complete, as_of_at, %(build)s
        from (select *, 'week' as kind from tickets.flow_weekly
              union all select *, 'quarter' from tickets.flow_quarterly) both_kinds
        where client_id = any(%(clients)s)
    """,
    "tickets.sla_event": """
        insert into tickets.sla_event
        select c, ticket, 'resolution', state, '2026-10-05 09:00+00'
        from unnest(%(clients)s) c, (values (1, 'met'), (2, 'met'), (3, 'missed'), (4, 'running')) v (ticket, state)
    """,
    "review_candidate.ticket_service": """
        insert into review_candidate.ticket_service
        select client_id, quarter, period, period_start_on, opened_count, closed_count, reopened_count,
          deleted_open_count, opened_count + reopened_count - closed_count - deleted_open_count, backlog_count,
          backlog_count - 2, 1, 1, 0, source.open_count, source.open_count - backlog_count, 1.5, 6, 9, 30.5, 40,
          0, 0, 0, 0, null, targets.met, targets.missed, targets.running, 0,
          100.0 * targets.met / nullif(targets.met + targets.missed, 0), 0,
          case when targets.met = 0 then 'n/a: no target' else '' end, '', is_period_complete, as_of_at, %(build)s
        from tickets.flow_quarterly
        cross join lateral (select case period when '2026Q4' then backlog_count end) as source (open_count)
        cross join lateral (
          select case period when '2026Q4' then 2 else 0 end, case period when '2026Q4' then 1 else 0 end,
            case period when '2026Q4' then 1 else 0 end
        ) as targets (met, missed, running)
        where client_id = any(%(clients)s)
    """,
    "review_candidate.ticket_driver": """
        insert into review_candidate.ticket_driver
        select c, %(quarter)s, category, rank, opened, share, repeats, known, pct, trend, reason, hours, why, %(as_of)s,
          %(build)s
        from unnest(%(clients)s) c,
          (values ('Fault', 1, 15, 75, 3, 12, 25, 'flat', '60 tickets against 60', 4.5, ''),
                  ('Wish', 2, 5, 25, 0, 5, 0, 'not proven', 'only 8 weeks', null, 'n/a: not linked')
          ) v (category, rank, opened, share, repeats, known, pct, trend, reason, hours, why)
    """,
    "access.user": """
        insert into access."user"
        select c, %(quarter)s, id, login, kind, true, cardinality(groups), groups, last, state, %(as_of)s
        from unnest(%(clients)s) c,
          (values (1, '__system__', 'superuser', '{Settings}'::text[], null::timestamptz, 'none'),
                  (2, 'admin', 'internal', '{Settings,User}', '2026-11-20 09:00+00', 'active'),
                  (7, 'sales1@example.org', 'internal', '{User}', null, 'archived'),
                  (9, 'portal@example.org', 'share', '{}', null, 'n/a')) v (id, login, kind, groups, last, state)
    """,
    "review_candidate.access_user": """
        insert into review_candidate.access_user
        select *, %(build)s from access."user" where client_id = any(%(clients)s)
    """,
    "review_candidate.access_rule": """
        insert into review_candidate.access_rule
        select c, %(quarter)s, policy, rule, severity, found is not null, reason, found, %(as_of)s, %(build)s
        from unnest(%(clients)s) c,
          (values ('access.yml', 'leaver_still_active', 'act', 1, ''), ('access.yml', 'stale', 'watch', 0, ''),
                  ('access.yml', 'no_second_factor', 'act', null, 'this client does not show who has a second factor'),
                  ('sod.yml', 'vendor_and_payment', 'act', 1, '')) v (policy, rule, severity, found, reason)
    """,
    "review_candidate.access_exception": """
        insert into review_candidate.access_exception
        select c, %(quarter)s, policy, rule, 7, 'act', null, detail, evidence, amounts::jsonb, owner is not null, owner,
          'auditor' || left(owner, 0), '2027-01-31'::date + length(left(owner, 0)), %(as_of)s, %(build)s
        from unnest(%(clients)s) c,
          (values ('access.yml', 'leaver_still_active', 'left on 2026-10-31', '{"res.users,7"}'::text[], '{}', 'Ann'),
                  ('sod.yml', 'vendor_and_payment', 'can', '{"res.users,7","account.payment,1"}',
                   '{"account.payment": {"EUR": 100}}', null)) v (policy, rule, detail, evidence, amounts, owner)
    """,
    "masterdata.rate": """
        insert into masterdata.rate
        select c, %(quarter)s, model, rule, title, kind, severity, looked_at is not null, reason, looked_at, found,
          waived, 100.0 * found / looked_at, null, %(as_of)s
        from unnest(%(clients)s) c,
          (values ('', '', 'All records', null, null, '', 40, 2, 1),
                  ('res.partner', '', 'All rules', null, null, '', 40, 2, 1),
                  ('res.partner', 'partner_same_vat', 'One VAT number', 'duplicate', 'act', '', 10, 1, 1),
                  ('res.partner', 'customer_gap', 'Customers', 'gap', 'watch', '', 4, 1, 0),
                  ('uom.uom', '', 'All rules', null, null, 'this Odoo has no uom.uom', null, null, null),
                  ('uom.uom', 'unit_factor', 'Units', 'inconsistency', 'act', 'this Odoo has no uom.uom', null, null,
                   null)
          ) v (model, rule, title, kind, severity, reason, looked_at, found, waived)
    """,
    "masterdata.exception": """
        insert into masterdata.exception
        select c, %(quarter)s, 'res.partner', rule, title, kind, severity, id, other, detail, '2026-11-01 02:00+00',
          'seen', extract(day from %(as_of)s - '2026-11-01 02:00+00'::timestamptz)::integer, '2026-10-31 09:00+00',
          'sales1@example.org', 2, amounts::jsonb, owner is not null, owner,
          'two shops of ' || owner, '2027-01-31'::date + length(left(owner, 0)), %(as_of)s
        from unnest(%(clients)s) c,
          (values ('partner_same_vat', 'One VAT number', 'duplicate', 'act', 21, 2, 'looks like res.partner,2',
                   '{"receivable": {"EUR": 100}}', null),
                  ('partner_same_vat', 'One VAT number', 'duplicate', 'act', 23, 22, 'looks like res.partner,22', '{}',
                   'Ann'),
                  ('customer_gap', 'Customers', 'gap', 'watch', 26, null, 'no mail address', '{}', null)
          ) v (rule, title, kind, severity, id, other, detail, amounts, owner)
    """,
    "review_candidate.master_data_rate": """
        insert into review_candidate.master_data_rate
        select *, %(build)s from masterdata.rate where client_id = any(%(clients)s)
    """,
    "review_candidate.master_data_exception": """
        insert into review_candidate.master_data_exception
        select *, %(build)s from masterdata.exception where client_id = any(%(clients)s)
    """,
}


def make_tables(warehouse: Warehouse) -> None:
    """Create what dbt would create, without any constraint, so that defects can be planted."""
    warehouse.rows(_TABLES.replace("{tables}", " ".join(ROWS_PER_CLIENT)))


def fill(
    warehouse: Warehouse,
    clients: Sequence[str],
    *,
    build_id: str = BUILD_ID,
    night_id: str = NIGHT_ID,
    as_of_at: datetime = AS_OF_AT,
    only: Sequence[str] = tuple(_ROWS),
) -> None:
    """Fill the tables for these clients with rows that pass every rule."""
    parameters = {
        "clients": list(clients), "build": build_id, "night": night_id, "as_of": as_of_at, "quarter": QUARTER,
    }  # fmt: skip
    connection = psycopg2.connect(warehouse.url)
    try:
        with connection, connection.cursor() as cursor:
            for table in only:
                cursor.execute(_ROWS[table], parameters)
    finally:
        connection.close()


def clear(warehouse: Warehouse) -> None:
    """Empty what a build makes."""
    tables = (table for table in _ROWS if not table.startswith("ops."))
    warehouse.rows("truncate " + ", ".join('access."user"' if table == "access.user" else table for table in tables))


def next_build(
    warehouse: Warehouse, clients: Sequence[str], *, build_id: str, night_id: str, as_of_at: datetime
) -> None:
    """Replace the candidates by those of another night's build."""
    clear(warehouse)
    tables = [table for table in _ROWS if table != "ops.client"]
    fill(warehouse, clients, build_id=build_id, night_id=night_id, as_of_at=as_of_at, only=tables)
