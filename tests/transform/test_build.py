"""The call around dbt: what it registers, refuses, keeps of a failure, and never lets out."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from driftline import transform
from driftline.errors import BuildError, ConfigError
from driftline.warehouse import BUILD_LOCK, Role, connect, hold_for_transaction

from tests.conftest import run_autocommit
from tests.transform.world import World, at

NOW = at("2026-10-07 02:30")
# Needs encoding in a URL, and is looked for in both forms.
PASSWORD, ENCODED = "CANARY p@ss/w%rd:é", "CANARY%20p%40ss%2Fw%25rd%3A%C3%A9"


@pytest.fixture(scope="module")
def empty(new_world) -> World:
    return new_world()


def build(world: World, **changes: object) -> transform.BuildReport:
    arguments = {"night_id": None, "as_of_at": None, "quarter": None, "now": NOW, **changes}
    return transform.build(world.settings, **arguments)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"night_id": "no such night"}, "no night 'no such night' in ops.night. Plan it first: driftline run"),
        ({"quarter": "2026-Q3"}, "build: '2026-Q3' is not a quarter. Expected for example 2026Q3."),
        ({"quarter": "2027Q1"}, "build: 2027Q1 has not begun at 2026-10-07T02:30:00+00:00."),
        ({"as_of_at": NOW + timedelta(hours=1)}, "build: 2026-10-07T03:30:00+00:00 lies in the future."),
        ({"as_of_at": NOW.replace(tzinfo=None)}, "build: a moment needs a time zone. Pass it with one, best UTC."),
    ],
)
def test_a_moment_or_quarter_that_cannot_be_built_is_refused_before_anything_is_written(empty, changes, message):
    with pytest.raises(ConfigError) as raised:
        build(empty, **changes)
    assert str(raised.value) == message
    assert empty.rows("select build_id from ops.build") == []


def test_a_past_day_without_any_history_is_refused(empty):
    empty.night("past", at("2026-09-01 02:00"), [], is_recomputation=True)
    with pytest.raises(BuildError, match=r"there is no history to compute 2026-09-01T02:00:00\+00:00 from"):
        build(empty, night_id="past")


def test_a_warehouse_address_that_dbt_cannot_be_given_names_the_setting(empty):
    settings = replace(empty.settings, warehouse_url=empty.settings.warehouse_url + "?load_balance_hosts=random")
    with pytest.raises(ConfigError, match="dbt cannot be given the setting 'load_balance_hosts'"):
        transform.build(settings, night_id=None, as_of_at=None, quarter=None, now=NOW)
    ((state, message),) = empty.rows("select state, error_message from ops.build where state <> 'succeeded'")
    assert (state, message.split(":")[0]) == ("failed", "ConfigError")
    empty.rows("delete from ops.build")


def test_an_empty_warehouse_builds_and_no_secret_gets_out(empty, pg_server, tmp_path, capfd, caplog):
    run_autocommit(pg_server.url(), f"create role canary superuser login password '{PASSWORD}'")
    database = empty.settings.warehouse_url.rsplit("/", 1)[1]
    address = pg_server.url(database, user="canary", password=PASSWORD)
    assert ENCODED in address
    settings = replace(
        empty.settings, warehouse_url=f"{address}?sslmode=prefer&connect_timeout=7", build_folder=tmp_path
    )
    caplog.set_level("DEBUG")
    environment = dict(os.environ)
    report = transform.build(settings, night_id=None, as_of_at=None, quarter=None, now=NOW)
    assert (report.client_count, report.snapshot_count, report.warning_count) == (0, 17, 0)
    assert report.model_count > 30
    assert report.test_count > 80
    assert dict(os.environ) == environment
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 50
    said = [path.read_bytes() for path in written]
    said += [text.encode() for text in (*capfd.readouterr(), caplog.text, repr(report))]
    said += [
        str(empty.rows("select * from ops.dbt_result")).encode(),
        str(empty.rows("select * from ops.build")).encode(),
    ]
    assert caplog.text
    for secret in (PASSWORD, ENCODED):
        assert not [text for text in said if secret.encode() in text]


def test_a_failure_names_the_node_keeps_its_message_and_leaves_no_build_running(empty):
    # A build whose process died, a table that is not what the project reads, and a key that is none.
    died = {"build_id": "died", "as_of_at": at("2026-10-01 02:00"), "started_at": at("2026-10-01 02:00")}
    empty.put("ops.build", [{**died, "state": "running"}])
    empty.rows("alter table raw.res_users_log rename column create_date to made_at")
    empty.rows("alter table raw.res_groups drop constraint res_groups_pkey")
    empty.raw("acme", "res_groups", [{"id": 7, "name": "User"}, {"id": 7, "name": "Twin"}], read_at=NOW)
    with pytest.raises(BuildError) as raised:
        build(empty)
    empty.rows("alter table raw.res_users_log rename column made_at to create_date")
    empty.rows("truncate raw.res_groups")

    builds = empty.rows("select build_id, state, error_message from ops.build order by started_at desc")
    assert (builds[0][1], builds[0][2][:18]) == ("failed", "BuildError: dbt: 3")
    assert ("died", "failed", "its process ended before it did") in builds
    results = {
        name: rest
        for name, *rest in empty.rows(
            "select split_part(node_id, '.', 3), status, failing_count, message from ops.dbt_result"
            " where build_id = %s",
            builds[0][0],
        )
    }
    broken, doubled = "stg_odoo__res_users_log", "grain_stg_odoo__res_groups_client_id__odoo_group_id"
    # Groups are configuration, too: the key is missed where its history is taken as well.
    also_doubled = "grain_int_drift__read_client_id__entity__record_id__related_id"
    failed = {name for name, (status, *_) in results.items() if status in ("error", "fail")}
    assert failed == {broken, doubled, also_doubled}
    assert results[doubled] == ["fail", 1, "Got 1 result, configured to fail if != 0"]
    assert results["review_access_user"][0] == "skipped"
    message = str(raised.value)
    for said in (broken, doubled, 'column "create_date" does not exist', f"where build_id = '{builds[0][0]}'"):
        assert said in message


def test_a_build_waits_for_landings_and_for_other_builds(empty):
    reports: list[transform.BuildReport] = []
    worker = threading.Thread(target=lambda: reports.append(build(empty, now=NOW + timedelta(hours=1))))
    with connect(empty.settings, role=Role.LOADER) as landing, landing.cursor() as cursor:
        hold_for_transaction(cursor, BUILD_LOCK, is_shared=True)
        worker.start()
        deadline = time.monotonic() + 20
        waiting: list[tuple] = []
        while not waiting and time.monotonic() < deadline:
            waiting = empty.rows(
                "select a.application_name from pg_locks l join pg_stat_activity a using (pid)"
                " where l.locktype = 'advisory' and not l.granted and a.datname = current_database()"
            )
        assert waiting == [("driftline build lock",)]
        assert not empty.rows("select from ops.build where state = 'running'")
    worker.join(timeout=120)
    assert len(reports) == 1
    assert reports[0].build_id == "build_20261007T033000Z"
