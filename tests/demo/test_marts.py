"""The marts, built from two nights over all five demo clients, say what `demo/truth.yml` says and nothing else."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

import psycopg2
import pytest
from conftest import REPOSITORY, make_settings, run_sql
from driftline import night, transform
from driftline.migrate import migrate
from driftline.policies.tickets import load_tickets
from driftline.registry import load_registry

from demo import odoo
from demo.ci_reports import deliver
from demo.odoo.database import administer
from demo.policies import lay_out
from demo.server import OdooServer

pytest_plugins = ["demo_world"]

TRUTH = odoo.load_truth().clients
SEED = 1
CLAIMING_140_PCT = (
    '<coverage line-rate="1.4"><packages><package name="p"><classes><class filename="addons/boreal_extras/note.py">'
    '<lines><line number="1" hits="1"/></lines></class></classes></package></packages></coverage>'
)


@dataclass(frozen=True)
class Marts:
    """A warehouse after two nights, and the databases it was read from."""

    url: str
    sources: dict[str, str]

    def rows(self, query: str) -> list[tuple]:
        return run_sql(self.url, query)


@pytest.fixture(scope="module")
def marts(demo_server, tmp_path_factory):
    # The data end now: a trend that was designed to end at the anchor would fade while the anchor stays behind.
    anchor_at = datetime.now(UTC)
    sources = {
        client_id: demo_server.url(odoo.create(demo_server.url(), client_id, anchor_at=anchor_at, seed=SEED))
        for client_id in odoo.CLIENT_IDS
    }
    administer(demo_server.url(), "create database {}", "marts_of_the_demo")
    reports = tmp_path_factory.mktemp("reports")
    deliver(reports, at=anchor_at)
    (reports / "boreal").mkdir()
    (reports / "boreal" / "coverage.xml").write_text(CLAIMING_140_PCT)
    settings = make_settings(
        demo_server.url("marts_of_the_demo"),
        build_folder=tmp_path_factory.mktemp("build"),
        test_reports=str(reports),
        policies_from=_policies(tmp_path_factory.mktemp("policies")),
    )
    migrate(settings)
    with ExitStack() as servers:
        addresses = {client_id: _address(servers, client_id, url) for client_id, url in sources.items()}
        _live_a_night(settings, addresses, "night one")
        for client_id, url in sources.items():
            odoo.plant_night_two(url, client_id, at=datetime.now(UTC))
        _live_a_night(settings, addresses, "night two")
    return Marts(url=settings.warehouse_url, sources=sources)


def _policies(folder: Path) -> Path:
    """The demo's policies, with the administrators that each client has named: one."""
    copied = lay_out(folder / "policies")
    text = (copied / "access.yml").read_text()
    assert "named: {}" in text
    named = ", ".join(f"{client_id}: [admin]" for client_id in TRUTH)
    (copied / "access.yml").write_text(text.replace("named: {}", f"named: {{{named}}}"))
    return copied


def _address(servers: ExitStack, client_id: str, url: str) -> str:
    """Give the address a client is read with: its database's, or its Odoo's where an account is there for that."""
    login = TRUTH[client_id].reading_account
    if login is None:
        return url
    version, accounts = TRUTH[client_id].odoo_version, {"users": {login: "right"}, "api_keys": {"right": login}}
    server = servers.enter_context(OdooServer(url, version=version, **accounts))
    return f"http://{quote(login)}:right@127.0.0.1:{server.port}/{server.database}"


def _live_a_night(settings, addresses: dict[str, str], night_id: str) -> None:
    night.plan(settings, night_id=night_id, now=datetime.now(UTC), conf={})
    for client_id, address in addresses.items():
        night.read_client(settings, night_id=night_id, client_id=client_id, connection=address)
    night.finish(settings, night_id=night_id)
    transform.build(settings, night_id=night_id, as_of_at=None, quarter=None, now=datetime.now(UTC))


def test_all_three_transports_were_used_and_the_proof_is_whole(marts):
    query = "select client_id, transport from ops.client_run where state = 'succeeded'"
    used = {"aegean": "postgres", "boreal": "json2", "cordoba": "rpc", "delta": "postgres", "egret": "postgres"}
    assert sorted(marts.rows(query)) == sorted([*used.items()] * 2)
    verdicts = marts.rows("select distinct verdict, held_count from ops.completeness")
    assert set(verdicts) == {("complete", 0), ("absent", 0)}


def test_planted_deletions_are_buried_over_every_transport(marts):
    planted = {client_id: truth.moved("tickets_deleted") for client_id, truth in TRUTH.items()}
    assert planted == {"aegean": 1, "boreal": 1, "cordoba": 1, "delta": 0, "egret": 1}
    buried = dict.fromkeys(planted, 0) | dict(
        marts.rows(
            "select client_id, count(*) from (select client_id, _deleted_at from raw.helpdesk_ticket"
            " union all select client_id, _deleted_at from raw.project_task) as t"
            " where _deleted_at is not null group by 1"
        )
    )
    assert buried == planted
    # What the source has left of each table where rows went is what the warehouse calls alive.
    for client_id, url in marts.sources.items():
        for table in ("mail_message", "mail_tracking_value", "res_groups_users_rel"):
            there = run_sql(url, f"select count(*) from {table}")
            alive = f"select count(*) from raw.{table} where client_id = '{client_id}' and _deleted_at is null"
            assert marts.rows(alive) == there, (client_id, table)


def test_the_reading_account_sees_every_row_of_every_model(marts):
    # Odoo's own code hides messages and attachments from everybody but the superuser; that is said of them.
    partial = marts.rows("select client_id, model from ops.visibility where verdict <> 'full' order by 1, 2")
    assert partial == [
        ("boreal", "ir.attachment"),
        ("boreal", "mail.message"),
        ("cordoba", "ir.attachment"),
        ("cordoba", "mail.message"),
    ]


def test_exactly_the_planted_module_changes_are_found(marts):
    words = {
        "module_installed": "installed",
        "module_uninstalled": "uninstalled",
        "module_version_changed": "version changed",
        "module_state_changed": "state changed",
    }
    planted = {
        (client_id, change.module, words[change.change])
        for client_id, truth in TRUTH.items()
        for change in truth.night_two
        if change.change in words and change.finding is None
    }
    assert len(planted) >= 5
    assert set(marts.rows("select client_id, module, change from drift.module_change")) == planted


# What each kind of planted change must read like in drift.config_change. Tickets, logins and people's employment are
# no configuration.
FINDINGS = {
    "module_installed": lambda change: ("installed", "ir.module.module", change.module),
    "module_uninstalled": lambda change: ("uninstalled", "ir.module.module", change.module),
    "module_version_changed": lambda change: ("version changed", "ir.module.module", change.module),
    "module_state_changed": lambda change: ("state changed", "ir.module.module", change.module),
    "parameter_changed": lambda change: ("changed", "ir.config_parameter", change.key),
    "parameter_added": lambda change: ("created", "ir.config_parameter", change.key),
    "cron_switched_off": lambda change: ("changed", "ir.cron", change.cron),
    "user_archived": lambda change: ("changed", "res.users", change.login),
    "user_created": lambda change: ("created", "res.users", change.login),
    "user_added_to_group": lambda change: (
        "created", "res.groups.users.rel", f"{change.login} in group {change.group}"
    ),
    "user_removed_from_group": lambda change: (
        "deleted", "res.groups.users.rel", f"{change.login} in group {change.group}"
    ),
    "group_implies": lambda change: (
        "created", "res.groups.implied.rel", f"group {change.group} implies {change.implied}"
    ),
    "manual_field_added": lambda change: ("created", "ir.model.fields", f"{change.model}.{change.field}"),
    "view_edited": lambda change: ("changed", "ir.ui.view", change.view),
}  # fmt: skip
NO_CONFIGURATION = {
    "tickets_opened", "tickets_closed", "tickets_reopened", "tickets_deleted", "tickets_archived", "user_logged_in",
    "employee_left", "module_upgraded_without_change", "partner_created_and_deleted",
}  # fmt: skip


def test_every_planted_change_is_found_exactly_once_and_nothing_else(marts):
    planted = Counter(
        (client_id, *FINDINGS[change.change](change))
        for client_id, truth in TRUTH.items()
        for change in truth.night_two
        if change.change not in NO_CONFIGURATION
    )
    assert planted.total() >= 18
    external_ids = {
        client_id: {
            (model, res_id): f"{module}.{name}"
            for model, res_id, module, name in run_sql(url, "select model, res_id, module, name from ir_model_data")
        }
        for client_id, url in marts.sources.items()
    }
    found = Counter()
    for client_id, kind, entity, key, what in marts.rows(
        "select client_id, kind, entity, entity_key, what from drift.config_change"
    ):
        names = external_ids[client_id]
        first, _, second = key.partition(",")
        if entity == "ir.ui.view":
            what = names["ir.ui.view", int(first)]
        elif entity == "res.groups.users.rel":
            what = f"{what.partition(' in group ')[0]} in group {names['res.groups', int(second)]}"
        elif entity == "res.groups.implied.rel":
            what = f"group {names['res.groups', int(first)]} implies {names['res.groups', int(second)]}"
        found[client_id, kind, entity, what] += 1
    assert found == planted


def test_net_of_the_first_baseline_every_planted_change_is_there_once_too(marts):
    gross = marts.rows("select client_id, kind, entity, entity_key from drift.config_change order by 1, 2, 3, 4")
    net = marts.rows("select client_id, kind, entity, entity_key from drift.baseline_difference order by 1, 2, 3, 4")
    assert net == gross
    counted = dict(marts.rows("select client_id, sum(difference_count)::int from drift.config_drift group by 1"))
    assert counted == {client_id: sum(row[0] == client_id for row in gross) for client_id in TRUTH}
    assert counted["delta"] == 0


def test_each_trend_is_the_one_that_was_designed(marts):
    designed = {
        client_id: "not proven" if truth.tickets.trend == "too few" else truth.tickets.trend
        for client_id, truth in TRUTH.items()
    }
    assert set(designed.values()) == {"declining", "growing", "flat", "not proven"}
    assert dict(marts.rows("select client_id, trend from tickets.trend where category = ''")) == designed


def test_versions_and_the_time_since_the_last_upgrade_are_as_planted(marts):
    found = {
        client_id: (series, days, upgraded_on, bool(reason))
        for client_id, series, days, upgraded_on, reason in marts.rows(
            "select client_id, series, upgrade_age_days, upgraded_on, reason from drift.version_currency"
        )
    }
    assert set(found) == set(TRUTH)
    for client_id, truth in TRUTH.items():
        series, days, upgraded_on, has_reason = found[client_id]
        assert series == truth.odoo_version
        upgrade = truth.last_version_upgrade
        if upgrade.days is not None:
            assert days in (upgrade.days, upgrade.days + 1)  # midnight may pass between making and reading
        elif upgrade.declared_on is not None:
            assert upgraded_on == upgrade.declared_on
        else:
            assert (days, has_reason) == (None, True)


def test_users_are_counted_by_kind_and_state(marts):
    counts = {
        (client_id, kind, is_active): count
        for client_id, kind, is_active, count in marts.rows(
            "select client_id, user_kind, is_active, count(*) from access.user group by 1, 2, 3"
        )
    }
    for client_id, truth in TRUTH.items():
        users = truth.after_night_two.users
        expected = {
            ("internal", True): users.internal_active,
            ("internal", False): users.internal_archived,
            ("share", True): users.share_active,
            ("share", False): users.share_archived,
        }
        found = {key[1:]: count for key, count in counts.items() if key[0] == client_id and key[1] != "superuser"}
        assert found == {key: count for key, count in expected.items() if count}, client_id
        assert sum(count for key, count in counts.items() if key[:2] == (client_id, "superuser")) == users.superuser


@pytest.mark.parametrize(("state", "attribute"), [("none", "without_employee"), ("archived", "leavers_still_active")])
def test_active_users_without_employee_and_leavers_are_the_planted_ones(marts, state, attribute):
    query = (
        "select client_id, login from access.user"
        f" where user_kind = 'internal' and is_active and employee_state = '{state}'"
    )
    found = set(marts.rows(query))
    expected = {
        (client_id, login) for client_id, truth in TRUTH.items() for login in getattr(truth.after_night_two, attribute)
    }
    assert expected
    assert found == expected


def test_each_planted_case_of_access_is_an_exception_once(marts):
    found = Counter(
        marts.rows(
            "select e.rule, e.client_id, u.login from access.exception e"
            " join access.user u using (client_id, odoo_user_id)"
        )
    )
    assert set(found.values()) == {1}
    states = {client_id: truth.after_night_two for client_id, truth in TRUTH.items()}
    expected = {
        "leaver_still_active": {(key, login) for key, truth in states.items() for login in truth.leavers_still_active},
        # The account that the nights read with is nobody's.
        "no_employee": {
            (key, login) for key, truth in states.items() for login in truth.without_employee
            if login != TRUTH[key].reading_account
        },
        "administrator_not_named": {
            (key, login) for key, truth in states.items() for login in truth.administrators if login != "admin"
        },
        "no_second_factor": {
            (key, login) for key, truth in states.items() for login in truth.without_second_factor or ()
            if login.endswith(f"@{key}.example")  # others are portal users, of whom none is asked
        },
        "joiner_without_approval": {
            (key, change.login) for key, truth in TRUTH.items() for change in truth.night_two
            if change.change == "user_created"
        },
        "group_without_approval": {
            (key, change.login) for key, truth in TRUTH.items() for change in truth.night_two
            if change.change == "user_added_to_group"
        },
    }  # fmt: skip
    for rule, users in expected.items():
        assert users, rule
        assert {key[1:] for key in found if key[0] == rule} == users, rule


def test_the_backlog_is_what_the_source_itself_has_open_and_every_ticket_was_opened_once(marts):
    latest = dict(
        marts.rows(
            "select distinct on (client_id) client_id, backlog_count from tickets.flow_weekly"
            " order by client_id, period_start_on desc"
        )
    )
    opened = dict(marts.rows("select client_id, sum(opened_count)::int from tickets.flow_weekly group by 1"))
    for client_id, url in marts.sources.items():
        deleted = TRUTH[client_id].moved("tickets_deleted")
        total, open_now = _count_by_hand(url)
        assert latest[client_id] == open_now, client_id
        assert opened[client_id] == total + deleted, client_id


def _count_by_hand(url: str) -> tuple[int, int]:
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("select to_regclass('helpdesk_ticket') is not null")
        if cursor.fetchone()[0]:
            cursor.execute(
                "select count(*), count(*) filter (where not coalesce(s.closed, false))"
                " from helpdesk_ticket t left join helpdesk_ticket_stage s on s.id = t.stage_id"
            )
        else:
            cursor.execute(
                "select count(*), count(*) filter (where not coalesce(s.fold, false))"
                " from project_task t left join project_task_type s on s.id = t.stage_id where t.project_id = 3"
            )
        return cursor.fetchone()


PROMISED = {client_id: truth.promises for client_id, truth in TRUTH.items() if truth.promises}
REGISTRY = load_registry(REPOSITORY / "demo" / "clients.yml")

_LIVES = """
select t.id, t.create_date at time zone 'UTC', t.priority, t.stage_id, first.answered_at at time zone 'UTC',
  coalesce(moves.first_stage, t.stage_id), moves.moves
from helpdesk_ticket t
left join lateral (
  select min(m.date) as answered_at from mail_message m join res_users u on u.partner_id = m.author_id
  where m.model = 'helpdesk.ticket' and m.res_id = t.id and not u.share and m.message_type = 'comment'
    and u.partner_id <> t.partner_id and m.date >= date_trunc('second', t.create_date)
) as first on true
left join lateral (
  select (array_agg(v.old_value_integer order by m.date, v.id))[1] as first_stage,
    array_agg(array[extract(epoch from m.date)::bigint, v.new_value_integer] order by m.date, v.id) as moves
  from mail_tracking_value v join mail_message m on m.id = v.mail_message_id join ir_model_fields f on f.id = v.{field}
  where m.model = 'helpdesk.ticket' and m.res_id = t.id and f.name = 'stage_id'
) as moves on true
"""
_WAITING, _DONE, _CANCELLED = 3, 4, 5


def test_the_demo_promises_what_the_truth_says():
    policy = load_tickets(REPOSITORY / "demo" / "policies", REGISTRY)
    said = {
        client_id: [(t.priority or "", t.from_on, t.clock, t.response_hours, t.resolution_hours) for t in rules.targets]
        for client_id, rules in policy.clients.items()
    }
    assert len(PROMISED) == 2
    assert said == {key: [tuple(dict(promise).values()) for promise in listed] for key, listed in PROMISED.items()}


def test_every_promise_is_kept_or_missed_as_the_clients_own_rows_say(marts):
    found = {}
    for client_id, ticket_id, kind, target, state, as_of_at in marts.rows(
        "select client_id, ticket_id, kind, target_hours, state, as_of_at from tickets.sla_event where state <> 'n/a'"
    ):
        found[client_id, ticket_id, kind] = (target, "running" if state == "at risk" else state)
        moment = as_of_at
    known = {}
    for client_id, promises in PROMISED.items():
        with psycopg2.connect(marts.sources[client_id], options="-c TimeZone=UTC") as connection:
            cursor = connection.cursor()
            cursor.execute(_LIVES.format(field=_tracked_field(cursor)))
            for life in cursor.fetchall():
                known |= {(client_id, life[0], kind): said for kind, said in _judged(client_id, promises, life, moment)}
    states = Counter(state for _, state in found.values())
    assert min(states[state] for state in ("met", "missed", "running")) > 0
    assert {client_id for client_id, *_ in found} == set(PROMISED)
    deleted = {(client_id, ticket_id) for client_id, ticket_id, _ in set(found) - set(known)}
    assert len(deleted) <= sum(TRUTH[client_id].moved("tickets_deleted") for client_id in PROMISED)
    assert {key: said for key, said in found.items() if key in known} == known


def _tracked_field(cursor) -> str:
    cursor.execute("select column_name from information_schema.columns where table_name = 'mail_tracking_value'")
    return next(name for (name,) in cursor.fetchall() if name in ("field", "field_id"))


def _judged(client_id: str, promises, life, now: datetime):
    """Judge one ticket by hand: each kind of target that holds for it, with its hours and what became of it."""
    _, opened_at, priority, stage, answered_at, first_stage, moves = life
    zone = ZoneInfo(REGISTRY.client(client_id, where="here").timezone)
    opened_at, moves = opened_at.replace(tzinfo=UTC), moves or []
    opened_on = opened_at.astimezone(zone).date()
    fitting = (promise for promise in promises if promise.priority in ("", priority))
    holds = next(promise for promise in fitting if promise.from_on is None or promise.from_on <= opened_on)
    stays = [(opened_at.timestamp(), first_stage), *moves]
    done = [datetime.fromtimestamp(at, UTC) for at, to in stays if to == _DONE]
    closed_at = datetime.fromtimestamp(stays[-1][0], UTC) if stage in (_DONE, _CANCELLED) else None
    answered_at = max(answered_at.replace(tzinfo=UTC), opened_at) if answered_at else None
    for kind, hours, reached_at in (
        ("response", holds.response_hours, answered_at),
        ("resolution", holds.resolution_hours, done[0] if done else None),
    ):
        if hours is None or (stage == _CANCELLED and (kind == "resolution" or reached_at is None)):
            continue
        stopped_at = reached_at or closed_at or now
        used = _hours(client_id, holds.clock, opened_at, stopped_at)
        for (at, to), following in zip(stays, [*stays, None][1:], strict=True):
            begins, ends = (
                datetime.fromtimestamp(at, UTC),
                datetime.fromtimestamp(following[0], UTC) if following else now,
            )
            if to == _WAITING and begins < stopped_at:
                used -= _hours(client_id, holds.clock, begins, min(ends, stopped_at))
        if reached_at is None and closed_at is not None and used <= hours:
            continue
        yield kind, (hours, "missed" if used > hours else "met" if reached_at else "running")


def _hours(client_id: str, clock: str, begins: datetime, ends: datetime) -> float:
    """Hours between two instants, those of business day by day as the client's entry declares them."""
    if clock == "calendar":
        return (ends - begins).total_seconds() / 3600
    client = REGISTRY.client(client_id, where="here")
    zone, total = ZoneInfo(client.timezone), timedelta()
    day = begins.astimezone(zone).date()
    while day <= ends.astimezone(zone).date():
        spans = () if day in client.business_hours.holidays else getattr(client.business_hours, f"{day:%A}".lower())
        for span in spans:
            at = [datetime.fromisoformat(f"{day} {time}").replace(tzinfo=zone) for time in span.split("-")]
            total += max(min(at[1], ends) - max(at[0], begins), timedelta())
        day += timedelta(days=1)
    return total.total_seconds() / 3600


def test_every_custom_item_is_a_planted_one_and_every_planted_one_is_there(marts):
    found = set(marts.rows("select client_id, kind, item from drift.customisation"))
    planted = set()
    for client_id, truth in TRUTH.items():
        state = truth.after_night_two
        planted |= {(client_id, "module", f"{client_id}_extras")}
        planted |= {(client_id, "field", name) for name in state.manual_fields}
        planted |= {(client_id, "model", name) for name in state.manual_models}
        planted |= {(client_id, "edited view", name) for name in state.edited_views}
    named = {row for row in found if row[1] in ("module", "field", "model", "edited view")}
    assert named == planted
    for client_id, truth in TRUTH.items():
        kinds = {
            "handmade view": truth.handmade_views,
            "server action": len(truth.drift.server_actions),
            "automation": len(truth.drift.automations),
            "scheduled job": len(truth.drift.scheduled_jobs),
        }
        for kind, count in kinds.items():
            assert sum(row[:2] == (client_id, kind) for row in found) == count, (client_id, kind)
        titles = {item.rsplit(" (", 1)[0] for owner, _, item in found if owner == client_id}
        assert {*truth.drift.server_actions, *truth.drift.automations, *truth.drift.scheduled_jobs} <= titles


def test_coverage_is_what_the_reports_say_and_without_one_it_is_unknown(marts):
    rows = marts.rows(
        "select client_id, module, coverage_state, covered_pct, test_count::int, failed_count::int, is_single_author,"
        " reason from drift.test_coverage"
    )
    assert {row[:2] for row in rows} == {(client_id, f"{client_id}_extras") for client_id in TRUTH}
    for client_id, _, state, covered_pct, test_count, failed_count, is_single_author, reason in rows:
        own = TRUTH[client_id].drift.own_module
        assert is_single_author
        if own.line_count is None:
            assert (state, covered_pct, test_count) == ("unknown", None, None)
            assert reason == "no coverage report names this module"
        else:
            assert (state, reason) == ("known", "")
            assert covered_pct == pytest.approx(100 * own.covered_line_count / own.line_count)
            assert (test_count, failed_count) == (own.test_count, own.failed_count)
    assert marts.rows("select client_id, path, state from ops.report_file where state <> 'read'") == [
        ("boreal", "coverage.xml", "refused")
    ]


def test_the_scorecard_shows_coverage_with_a_verdict(marts):
    found = {
        client_id: rest
        for client_id, *rest in marts.rows(
            "select client_id, value, verdict from review_candidate.scorecard where kpi = 'customisation_test_coverage'"
        )
    }
    assert found == {
        "aegean": [77.5, "good"],
        "boreal": [None, "n/a"],
        "cordoba": [30.0, "act"],
        "delta": [75.0, "act"],  # a test failed
        "egret": [None, "n/a"],
    }


def test_what_an_upgrade_takes_away_is_told_by_the_servers_of_that_version(marts):
    fields = {
        (client_id, major): findings
        for client_id, major, findings in marts.rows(
            "select client_id, target_major, array_agg(finding order by finding) from drift.upgrade_impact"
            " cross join unnest(findings) as finding"
            " where kind = 'handmade view' and finding like 'res.partner%' group by 1, 2"
        )
    }
    # res.partner.mobile and title were last seen on 18.0; 20.0 was never asked.
    assert fields == {
        ("aegean", 19): ["res.partner.mobile: gone", "res.partner.title: gone"],
        ("cordoba", 19): ["res.partner.mobile: gone"],
        ("egret", 19): ["res.partner.mobile: gone"],
    }
    targets = marts.rows("select client_id, min(target_major), max(target_major) from drift.upgrade_impact group by 1")
    assert sorted(targets) == [
        ("aegean", 18, 20), ("boreal", 20, 20), ("cordoba", 19, 20), ("delta", 17, 20), ("egret", 15, 20),
    ]  # fmt: skip
    unseeded = marts.rows(
        "select distinct target_major, assessment from drift.upgrade_impact where target_major in (15, 20)"
    )
    # That an edited view is loaded anew needs no knowledge of the version.
    assert set(unseeded) == {(15, "not assessed"), (20, "not assessed"), (15, "impact"), (20, "impact")}
    ends = dict(marts.rows("select distinct client_id, deadline_on::text from drift.upgrade_impact"))
    assert ends["aegean"] == "2026-09-30"
    assert ends["egret"] == "2023-11-30"


def test_each_signal_measures_what_was_planted(marts):
    found = {
        (client_id, signal): (value, previous, verdict, evidence)
        for client_id, signal, value, previous, verdict, evidence in marts.rows(
            "select client_id, signal, value, previous_value, verdict, evidence_count::int from drift.signal"
        )
    }
    assert len(found) == 6 * len(TRUTH)
    exceptions = marts.rows("select client_id, odoo_user_id from access.exception")
    claims = {"declining": "good", "flat": "watch", "growing": "act", "too few": "not proven"}
    for client_id, truth in TRUTH.items():
        drift, state = truth.drift, truth.after_night_two

        def verdict(value: int, watch: int, act: int) -> str:
            return "act" if value >= act else "watch" if value >= watch else "good"

        recent, earlier = drift.traces.recent, drift.traces.earlier
        assert found[client_id, "workarounds"] == (recent, earlier, verdict(recent, 10, 50), recent + earlier)
        if drift.optimisations is None:
            assert found[client_id, "optimisation_deferred"] == (None, None, "n/a", 0)
        else:
            untouched, touched = drift.optimisations.untouched, drift.optimisations.touched
            expected = (untouched, None, verdict(untouched, 3, 10), untouched + touched)
            assert found[client_id, "optimisation_deferred"] == expected
        reports = drift.old_reports + drift.fresh_reports
        value, _, said, evidence = found[client_id, "reporting_ages"]
        assert (value, said, evidence) == (drift.old_reports, verdict(drift.old_reports, 5, 20), reports)
        assert found[client_id, "ticket_queue"][2] == claims[truth.tickets.trend]
        users = {user for one, user in exceptions if one == client_id}
        count = sum(one == client_id for one, _ in exceptions)
        # Those whose cases are planted are among them.
        assert len(users) >= len(state.without_employee) + len(state.leavers_still_active) - 1
        assert found[client_id, "compliance_posture"] == (len(users), None, verdict(len(users), 1, 5), count)
        assert found[client_id, "version_lag"][0] == 20 - int(truth.odoo_version[:2])


def test_a_change_of_last_night_is_too_fresh_to_show_an_effect(marts):
    changes = marts.rows("select count(*) from drift.config_change")
    effects = marts.rows("select effect, count(*) from drift.change_effect group by 1")
    assert dict(effects) == {"too early": changes[0][0]}
    assert changes[0][0] >= 5


_NAMES = """
select 'res.partner' as model, client_id, id, name from raw.res_partner
union all select 'res.partner.bank', b.client_id, b.id, p.name from raw.res_partner_bank b
  join raw.res_partner p on p.client_id = b.client_id and p.id = b.partner_id
union all select 'product.template', client_id, id, name from raw.product_template
union all select 'product.product', v.client_id, v.id, t.name from raw.product_product v
  join raw.product_template t on t.client_id = v.client_id and t.id = v.product_tmpl_id
union all select 'uom.uom', client_id, id, name from raw.uom_uom
union all select 'account.account', client_id, id, name from raw.account_account
union all select 'account.tax', client_id, id, name from raw.account_tax
union all select 'hr.employee', client_id, id, name from raw.hr_employee
"""


def test_all_wrong_master_data_is_found_and_nothing_in_the_client_that_has_none(marts, capsys):
    found = Counter(
        marts.rows(
            f"select e.client_id, e.rule, n.name from masterdata.exception e join ({_NAMES}) n"
            " on (n.model, n.client_id, n.id) = (e.model, e.client_id, e.record_id)"
        )
    )
    planted = Counter(
        (client_id, rule, name)
        for client_id, truth in TRUTH.items()
        for rule, names in truth.master_data.items()
        for name in names
    )
    hits = sum((planted & found).values())
    clean = sum(client_id == "delta" for client_id, _, _ in found)
    with capsys.disabled():
        print(f"\nmaster data of the demo: {hits} of {planted.total()} planted exceptions found,"
              f" {found.total() - hits} others, {clean} in the clean client")  # fmt: skip
    assert TRUTH["delta"].master_data == {}
    assert planted.total() > 20
    assert found == planted


def test_records_in_use_are_those_that_each_source_counts_itself(marts):
    counts = {
        "res.partner": "select count(*) from res_partner where active",
        "hr.employee": "select count(*) from hr_employee where active",
        "product.product": "select count(*) from product_product where active",
        "account.tax": "select count(*) from account_tax where active",
    }
    for client_id, url in marts.sources.items():
        for model, query in counts.items():
            ((in_use, archived),) = marts.rows(
                "select r.looked_at_count, (select count(distinct record_id) from masterdata.exception e where"
                f" e.client_id = r.client_id and e.model = r.model and not e.is_in_use) from masterdata.rate r"
                f" where r.client_id = '{client_id}' and r.model = '{model}' and r.rule = ''"
            )
            assert in_use - archived == run_sql(url, query)[0][0] > 0, (client_id, model)
