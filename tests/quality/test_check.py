"""The gate over a real warehouse: who may pass, what is said of those who may not, and what never leaves it."""

import logging
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from driftline import quality
from driftline.errors import ConfigError, GateError, WarehouseError

from tests.conftest import REPOSITORY, run_sql
from tests.quality import candidates
from tests.quality.candidates import BUILD_ID, NOW


@pytest.fixture
def built(warehouse):
    candidates.make_tables(warehouse)
    candidates.fill(warehouse, ["acme", "beta", "gamma"])
    return warehouse


def check(warehouse, **changes):
    return quality.check(replace(warehouse.settings, **changes), build_id=BUILD_ID, now=NOW)


def test_a_sound_build_opens_every_gate(built):
    report = check(built)
    assert report.open_clients == ("acme", "beta", "gamma")
    assert (report.closed_clients, report.has_failures) == ({}, False)
    assert report.failed == {"critical": 0, "warning": 0}
    stored = dict(built.rows("select severity, count(*) from quality.check_result where is_passed group by 1"))
    assert stored == dict(report.passed)
    assert built.rows("select distinct client_id from quality.check_result") == [("*",)]
    assert built.rows("select client_id, gate, is_open, reason, decided_at from quality.gate order by 1") == [
        (client, "nightly", True, "", NOW) for client in ("acme", "beta", "gamma")
    ]
    # Measured once a suite: the column says so, and no two of its rules differ.
    seconds = built.rows("select suite, count(distinct suite_elapsed_seconds), min(suite_elapsed_seconds)"
                         " from quality.check_result group by 1")  # fmt: skip
    assert len(seconds) > 20
    assert all(count == 1 and least > 0 for _, count, least in seconds)


def test_a_client_that_was_not_read_stays_closed_with_the_reason(built):
    built.rows(
        "update ops.build_client set is_read = false, reason = 'not read tonight: connection refused'"
        " where client_id = 'beta'"
    )
    report = check(built)
    assert dict(report.closed_clients) == {"beta": "not read tonight: connection refused"}
    assert report.open_clients == ("acme", "gamma")


def test_the_gate_of_an_unread_client_stays_closed_even_without_the_rule(built, tmp_path):
    folder = tmp_path / "expectations"
    shutil.copytree(REPOSITORY / "expectations", folder)
    (folder / "quality.checked_client.yml").unlink()
    built.rows(
        "update ops.build_client set is_read = false, reason = 'not read tonight: timed out' where client_id = 'beta'"
    )
    assert dict(check(built, home=tmp_path).closed_clients) == {"beta": "not read tonight: timed out"}


def test_the_reason_names_rule_and_suite(built):
    built.rows("delete from review_candidate.scorecard where client_id = 'acme' and kpi = 'ticket_trend'")
    report = check(built)
    assert dict(report.closed_clients) == {
        "acme": "failed: Every client has all six KPIs (review_candidate.scorecard: six_kpis)"
    }
    assert report.failed == {"critical": 1, "warning": 0}
    assert report.has_failures


def test_a_warning_is_stored_and_closes_nothing(built):
    built.rows("update review_candidate.scorecard set completeness_pct = 99.95 where client_id = 'acme'")
    report = check(built)
    assert report.failed == {"critical": 0, "warning": 1}
    assert report.closed_clients == {}


def test_no_connection_is_left_open(built):
    check(built)
    others = "select application_name from pg_stat_activity where datname = current_database()"
    assert built.rows(f"{others} and pid <> pg_backend_pid()") == []


def test_a_warehouse_that_goes_away_in_the_middle_decides_nothing(built, tmp_path):
    folder = tmp_path / "expectations"
    shutil.copytree(REPOSITORY / "expectations", folder)
    suite = folder / "quality.checked_client.yml"
    slow = "select client_id from {batch} where pg_sleep(20) is null"
    suite.write_text(suite.read_text().replace("select client_id from {batch} where not is_read", slow))
    is_over = threading.Event()

    def kill() -> None:
        # Great Expectations tries a metric three times, on a new connection.
        while not is_over.wait(0.05):
            built.rows(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name = 'driftline check' and wait_event = 'PgSleep'"
            )

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        with pytest.raises(WarehouseError, match="went away during the checks"):
            check(built, home=tmp_path)
    finally:
        is_over.set()
        killer.join()
    assert built.rows("select count(*) from quality.gate") == [(0,)]


def test_a_second_check_replaces_the_first(built):
    built.rows(
        "update review_candidate.access_user set user_kind = 'robot' where client_id = 'acme' and odoo_user_id = 9;"
        " update review_candidate.scorecard set value = -1 where client_id = 'beta' and kpi = 'version_upgrade_age'"
    )
    first = check(built)
    assert (set(first.closed_clients), first.voided_kpis) == ({"acme"}, {"beta": ("version_upgrade_age",)})
    built.rows(
        "update review_candidate.access_user set user_kind = 'share' where user_kind = 'robot';"
        " update review_candidate.scorecard set value = 1 where value = -1"
    )
    built.rows("update ops.build set quarter = '2026Q4'")
    second = check(built)
    assert (second.closed_clients, second.voided_kpis) == ({}, {})
    assert built.rows("select distinct gate from quality.gate") == [("quarterly",)]
    assert built.rows("select count(*) from quality.check_result where not is_passed") == [(0,)]
    assert built.rows("select count(*) from quality.voided_kpi") == [(0,)]


def test_clients_beyond_great_expectations_own_list_are_found(warehouse):
    clients = [f"client_{number:03d}" for number in range(450)]
    candidates.make_tables(warehouse)
    candidates.fill(warehouse, clients)
    warehouse.rows(
        "update review_candidate.access_user set group_count = 99, user_kind = 'robot' where odoo_user_id = 9"
    )
    report = check(warehouse)
    assert len(report.closed_clients) == 450
    assert warehouse.rows(
        "select expectation, count(*), sum(failing_count) from quality.check_result where not is_passed"
        " group by 1 order by 1"
    ) == [("groups_counted", 450, 450), ("user_kind_known", 450, 450)]


def test_at_most_twenty_keys_are_kept_and_all_are_counted(built):
    built.rows(
        "insert into review_candidate.access_user select client_id, quarter, n, 'login' || n, 'share', true, 9, '{}',"
        " null, 'none', as_of_at, build_id from review_candidate.access_user, generate_series(100, 199) n"
        " where client_id = 'acme' and odoo_user_id = 1"
    )
    check(built)
    ((count, keys),) = built.rows("select failing_count, failing_keys from quality.check_result where not is_passed")
    assert count == 100
    assert [key["odoo_user_id"] for key in keys] == list(range(100, 120))


def test_a_table_of_another_shape_closes_every_gate_and_says_so(built):
    built.rows("alter table review_candidate.scorecard drop column reason")
    report = check(built)
    assert set(report.closed_clients) == {"acme", "beta", "gamma"}
    assert 'could not be evaluated: UndefinedColumn: column "reason" does not exist' in report.closed_clients["acme"]
    assert "The scorecard has the columns that readers know" in report.closed_clients["acme"]


def test_a_suite_for_a_table_that_is_not_there_is_refused(built):
    built.rows("drop table review_candidate.ticket_flow")
    with pytest.raises(
        ConfigError, match=r"ticket_flow\.yml:1: the warehouse has no table 'review_candidate.ticket_flow'"
    ):
        check(built)
    assert built.rows("select count(*) from quality.gate") == [(0,)]


def test_a_candidate_without_a_suite_is_refused(built):
    built.rows("create table review_candidate.invoice (client_id text)")
    assert check(built).closed_clients == {}  # nobody publishes it
    built.rows("create table review.invoice (client_id text)")
    with pytest.raises(
        ConfigError, match=r"expectations: no suite review_candidate\.invoice\.yml: the table would be published"
    ):
        check(built)


@pytest.mark.parametrize("state", ["running", "failed"])
def test_only_a_build_that_succeeded_is_checked(built, state):
    built.rows("update ops.build set state = %s", state)
    with pytest.raises(GateError, match=f"build build-1 is '{state}'"):
        check(built)


def test_an_unknown_build_is_refused(built):
    with pytest.raises(GateError, match="build nope is unknown"):
        quality.check(built.settings, build_id="nope", now=NOW)


def test_rules_read_with_the_builders_rights_and_cannot_write(built, tmp_path):
    folder = tmp_path / "expectations"
    shutil.copytree(REPOSITORY / "expectations", folder)
    suite = folder / "quality.checked_client.yml"
    writes = "select client_id from {batch} where lo_create(4711) is null"
    suite.write_text(suite.read_text().replace("select client_id from {batch} where not is_read", writes))
    report = check(built, home=tmp_path)
    assert "could not be evaluated: ReadOnlySqlTransaction" in report.closed_clients["acme"]
    assert report.open_clients == ()


def test_a_warehouse_that_is_down_is_said_so(built):
    with pytest.raises(WarehouseError, match="cannot be reached"):
        check(built, warehouse_url="postgresql://nobody:secret@127.0.0.1:1/none")


def test_a_socket_address_is_refused_in_words(built):
    from driftline.quality.runner import _sqlalchemy_url

    with pytest.raises(ConfigError, match="over TCP only"):
        _sqlalchemy_url(
            replace(built.settings, warehouse_url="postgresql://u:p@/db?host=/run/postgresql"), build_id="b"
        )


def test_the_password_is_in_no_log_and_in_no_output(built, pg_server, caplog, capfd):
    password = "CANARY /@:%$ä'\"\\"
    run_sql(pg_server.url(), f"create role checker login superuser password '{password.replace(chr(39), chr(39) * 2)}'")
    url = f"postgresql://checker:{quote(password, safe='')}@127.0.0.1:{pg_server.port}/{built.url.rsplit('/', 1)[1]}"
    caplog.set_level(logging.DEBUG)
    built.rows(
        "alter table review_candidate.scorecard drop column reason"
    )  # an error's text must hold no address either
    try:
        assert len(check(built, warehouse_url=url).closed_clients) == 3
    finally:
        run_sql(pg_server.url(), "drop role checker")
    output = caplog.text + "".join(capfd.readouterr())
    assert len(caplog.records) > 10
    assert "CANARY" not in output
    stored = built.rows("select string_agg(observed || expected, '') from quality.check_result")
    assert "CANARY" not in stored[0][0]


_SPY = """
import sys
contacted = set()
def spy(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        contacted.add(str(arguments[1][0] if event == "socket.connect" else arguments[0]))
sys.addaudithook(spy)
from datetime import UTC, datetime
from pathlib import Path
from driftline import quality
from driftline.settings import Settings
here = Path(sys.argv[1])
clients = here / "demo" / "clients.yml"
settings = Settings(home=here, clients_file=clients, build_folder=here, warehouse_url=sys.stdin.read(), hash_salt="x")
report = quality.check(settings, build_id="build-1", now=datetime(2026, 11, 21, tzinfo=UTC))
print(len(report.open_clients), sorted(contacted - {"127.0.0.1"}))
"""


def test_nothing_is_contacted_but_the_warehouse(built):
    result = subprocess.run(
        [sys.executable, "-c", _SPY, str(REPOSITORY)], input=built.url, capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "3 []"


def test_the_time_hardly_depends_on_the_number_of_clients(warehouse, record_property):
    candidates.make_tables(warehouse)
    candidates.fill(warehouse, ["a", "b", "c"])
    check(warehouse)  # the import is paid once
    seconds = {}
    for count in (3, 300):
        warehouse.rows(
            "truncate ops.client, ops.night, ops.client_run, ops.completeness, ops.build, ops.build_client cascade"
        )
        candidates.clear(warehouse)
        candidates.fill(warehouse, [f"client_{number}" for number in range(count)])
        started = time.monotonic()
        assert len(check(warehouse).open_clients) == count
        seconds[count] = time.monotonic() - started
        record_property(f"seconds_for_{count}_clients", round(seconds[count], 2))
    print(seconds)
    assert seconds[300] < 3 * seconds[3] + 1


def test_the_quarter_under_review_is_the_clients_own(warehouse):
    candidates.fill(
        warehouse, ["athens", "lima"], as_of_at=datetime(2026, 9, 30, 23, 30, tzinfo=UTC),
        only=["ops.client", "ops.night", "ops.client_run", "ops.build", "ops.build_client"],
    )  # fmt: skip
    warehouse.rows("update ops.client set timezone = 'America/Lima' where client_id = 'lima'")
    ask = (
        "select set_config('driftline.build_id', %s, true); select client_id, quarter, quarter_starts_at::text,"
        " quarter_ends_at::text, evaluated_at::text, history_begins_at::text from quality.checked_client order by 1"
    )
    now = "2026-09-30 23:30:00+00"
    assert warehouse.rows(ask, BUILD_ID) == [
        ("athens", "2026Q4", "2026-09-30 21:00:00+00", "2026-12-31 22:00:00+00", now, now),
        ("lima", "2026Q3", "2026-07-01 05:00:00+00", "2026-10-01 05:00:00+00", now, now),
    ]
    warehouse.rows("update ops.build set quarter = '2026Q2'")
    assert [(row[0], row[1], row[4]) for row in warehouse.rows(ask, BUILD_ID)] == [
        ("athens", "2026Q2", "2026-06-30 21:00:00+00"),
        ("lima", "2026Q2", "2026-07-01 05:00:00+00"),
    ]
    assert warehouse.rows(ask, "another build") == []
