"""Publication over a real warehouse: per client, all or nothing, readers undisturbed."""

import threading
import time
from datetime import timedelta

import psycopg2
import pytest
from driftline import publish, quality
from driftline.errors import GateError, WarehouseError

from tests.conftest import Warehouse, make_settings, run_autocommit
from tests.quality import candidates
from tests.quality.candidates import AS_OF_AT, BUILD_ID, NOW, QUARTER, ROWS_PER_CLIENT

CLIENTS = ("acme", "beta", "gamma")
TABLES = tuple(ROWS_PER_CLIENT)
ROWS = sum(ROWS_PER_CLIENT.values())
LATER = NOW + timedelta(days=1)


@pytest.fixture
def built(warehouse):
    candidates.make_tables(warehouse)
    candidates.fill(warehouse, CLIENTS)
    return warehouse


@pytest.fixture(scope="module")
def published_once(pg_server, _warehouse_template):
    """The name of a database in which a first build was checked and published; each test gets a copy."""
    run_autocommit(pg_server.url(), f'create database "published_once" template "{_warehouse_template}"')
    url = pg_server.url("published_once")
    warehouse = Warehouse(url=url, settings=make_settings(url))
    candidates.make_tables(warehouse)
    candidates.fill(warehouse, CLIENTS)
    quality.check(warehouse.settings, build_id=BUILD_ID, now=NOW)
    publish.publish(warehouse.settings, build_id=BUILD_ID, now=NOW)
    return "published_once"


@pytest.fixture
def published(new_database, published_once):
    url = new_database("published", template=published_once)
    return Warehouse(url=url, settings=make_settings(url))


def next_build(warehouse, *, days=1, build_id="build-2"):
    candidates.next_build(
        warehouse, CLIENTS, build_id=build_id, night_id=f"night-of-{build_id}", as_of_at=AS_OF_AT + timedelta(days=days)
    )


def check_and_publish(warehouse, build_id="build-2", now=LATER):
    quality.check(warehouse.settings, build_id=build_id, now=now)
    return publish.publish(warehouse.settings, build_id=build_id, now=now)


def everything(warehouse):
    """All published rows, and the log, as text."""
    return {
        table: [row for (row,) in warehouse.rows(f"select t::text from review.{table} t order by 1")]
        for table in (*TABLES, "publication")
    }


def standing(warehouse):
    """Client → the builds, staleness and number of its published rows, over all tables."""
    union = " union all ".join(
        f"select client_id, build_id, is_stale, stale_since_at, stale_reason from review.{table}" for table in TABLES
    )
    rows = warehouse.rows(
        f"select client_id, array_agg(distinct build_id), bool_or(is_stale), min(stale_since_at), max(stale_reason),"
        f" count(*) from ({union}) r group by 1"
    )
    return {row[0]: row[1:] for row in rows}


def test_what_is_published_is_the_candidate_value_by_value(published):
    for table in TABLES:
        columns = [
            name
            for (name,) in published.rows(
                "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0",
                f"review_candidate.{table}",
            )
        ]
        query = f"select {', '.join(columns)} from {{}}.{table} order by {', '.join(columns[:4])}"
        candidate, review = (published.rows(query.format(schema)) for schema in ("review_candidate", "review"))
        assert len(review) == len(CLIENTS) * ROWS_PER_CLIENT[table]
        assert review == candidate
        assert published.rows(
            f"select distinct published_at, is_stale, stale_since_at, stale_reason from review.{table}"
        ) == [(NOW, False, None, None)]


def test_the_report_and_the_log_say_what_was_published(built):
    quality.check(built.settings, build_id=BUILD_ID, now=NOW)
    report = publish.publish(built.settings, build_id=BUILD_ID, now=NOW)
    assert report.published_client_ids == CLIENTS
    assert (dict(report.kept_stale), dict(report.kept_newer)) == ({}, {})
    assert report.row_counts == {f"review.{table}": 3 * count for table, count in ROWS_PER_CLIENT.items()}
    assert built.rows(
        "select client_id, quarter, build_id, is_published, reason, row_counts, as_of_at, published_at"
        " from review.publication order by 1"
    ) == [(client, QUARTER, BUILD_ID, True, "", ROWS_PER_CLIENT, AS_OF_AT, NOW) for client in CLIENTS]


def test_a_kpi_that_failed_its_own_check_is_not_shown_and_the_others_are(built):
    built.rows(
        "update review_candidate.scorecard set verdict = 'fine' where kpi = 'ticket_trend' and client_id = 'acme';"
        "update review_candidate.scorecard set value = 'NaN' where kpi = 'audit_prep_effort' and client_id = 'acme';"
        "update drift.version_currency set upgrade_age_days = -1 where client_id = 'beta'"
    )
    assert check_and_publish(built, build_id=BUILD_ID, now=NOW).published_client_ids == CLIENTS
    failed = "its own check failed: "
    assert built.rows(
        "select client_id, kpi, value, previous_value, verdict, reason, is_stale from review.scorecard"
        f" where reason like '{failed}%' order by 1, 2"
    ) == [
        ("acme", "audit_prep_effort", None, None, "n/a",
         f"{failed}Values are finite numbers (review_candidate.scorecard: finite_value)", False),
        ("acme", "ticket_trend", None, None, "n/a",
         f"{failed}Verdicts come from the closed list (review_candidate.scorecard: verdict_known)", False),
        ("beta", "version_upgrade_age", None, None, "n/a",
         f"{failed}The last upgrade lies in the past (drift.version_currency: upgrade_in_past)", False),
    ]  # fmt: skip
    others = "select count(*) from review.scorecard r join review_candidate.scorecard c using (client_id, quarter, kpi)"
    assert built.rows(f"{others} where (r.value, r.verdict) is not distinct from (c.value, c.verdict)") == [(15,)]


def test_publishing_the_same_build_again_changes_only_the_time(published):
    before = standing(published)
    report = publish.publish(published.settings, build_id=BUILD_ID, now=LATER)
    assert report.published_client_ids == CLIENTS
    assert standing(published) == before
    assert published.rows("select count(*), min(published_at) from review.publication") == [(3, LATER)]


def test_a_client_that_fails_keeps_its_rows_and_says_why(published):
    next_build(published)
    published.rows(
        "update review_candidate.access_user set user_kind = 'robot' where client_id = 'beta' and odoo_user_id = 9"
    )
    report = check_and_publish(published)
    reason = "failed: A user is internal, share or the superuser (review_candidate.access_user: user_kind_known)"
    assert report.published_client_ids == ("acme", "gamma")
    assert dict(report.kept_stale) == {"beta": reason}
    assert standing(published) == {
        "acme": (["build-2"], False, None, None, ROWS),
        "beta": (["build-1"], True, LATER, reason, ROWS),
        "gamma": (["build-2"], False, None, None, ROWS),
    }
    assert published.rows(
        "select client_id, is_published, reason from review.publication where build_id = 'build-2' order by 1"
    ) == [("acme", True, ""), ("beta", False, reason), ("gamma", True, "")]


def test_a_stale_client_stays_stale_since_the_first_time_and_recovers_whole(published):
    for number in (2, 3):
        next_build(published, days=number, build_id=f"build-{number}")
        published.rows(
            "update ops.build_client set is_read = false, reason = 'not read: ' || build_id"
            " where client_id = 'acme' and build_id = %s",
            f"build-{number}",
        )
        check_and_publish(published, f"build-{number}", NOW + timedelta(days=number))
    assert standing(published)["acme"] == (["build-1"], True, NOW + timedelta(days=2), "not read: build-3", ROWS)
    next_build(published, days=4, build_id="build-4")
    check_and_publish(published, "build-4", NOW + timedelta(days=4))
    assert standing(published)["acme"] == (["build-4"], False, None, None, ROWS)


def test_a_client_that_fails_before_it_was_ever_published_has_no_rows(built):
    built.rows("update ops.build_client set is_read = false, reason = 'not read tonight' where client_id = 'gamma'")
    report = check_and_publish(built, BUILD_ID, NOW)
    assert dict(report.kept_stale) == {"gamma": "not read tonight"}
    assert set(standing(built)) == {"acme", "beta"}


def test_rows_that_are_gone_from_the_candidate_go_from_review(published):
    next_build(published)
    published.rows("delete from review_candidate.access_user where client_id = 'acme' and odoo_user_id = 9")
    published.rows("delete from review_candidate.module_change; delete from drift.module_change")
    check_and_publish(published)
    assert published.rows("select count(*) from review.access_user where client_id = 'acme'") == [(3,)]
    assert published.rows("select count(*) from review.module_change") == [(0,)]


def test_another_quarter_is_left_alone(published):
    published.rows("update review.scorecard set quarter = '2026Q3', build_id = 'build-0'")
    check_and_publish(published, BUILD_ID, NOW)
    assert published.rows("select quarter, build_id, count(*) from review.scorecard group by 1, 2 order by 1") == [
        ("2026Q3", "build-0", 18), (QUARTER, BUILD_ID, 18)]  # fmt: skip


def test_a_past_day_computed_again_does_not_replace_a_later_one(published):
    next_build(published, days=-7)
    report = check_and_publish(published)
    assert report.published_client_ids == ()
    assert report.kept_stale == {}
    assert report.kept_newer["acme"] == "what is published speaks of a later moment, 2026-11-21 02:00 UTC"
    assert standing(published)["acme"] == (["build-1"], False, None, None, ROWS)


def test_a_build_without_gates_is_refused(built):
    with pytest.raises(
        GateError, match=r"build build-1 was not checked: 0 of its 3 clients have a gate.*driftline check"
    ):
        publish.publish(built.settings, build_id=BUILD_ID, now=NOW)
    assert standing(built) == {}


def test_gates_of_another_build_or_of_some_clients_do_not_count(published):
    next_build(published)
    before = everything(published)
    with pytest.raises(GateError, match="build build-2 was not checked"):
        publish.publish(published.settings, build_id="build-2", now=LATER)
    quality.check(published.settings, build_id="build-2", now=LATER)
    published.rows("delete from quality.gate where build_id = 'build-2' and client_id = 'beta'")
    with pytest.raises(GateError, match="2 of its 3 clients have a gate"):
        publish.publish(published.settings, build_id="build-2", now=LATER)
    assert everything(published) == before


def test_a_checked_build_whose_candidates_were_replaced_is_refused(published):
    next_build(published)
    before = everything(published)
    with pytest.raises(GateError, match="holds rows of build build-2, not of build-1"):
        publish.publish(published.settings, build_id=BUILD_ID, now=LATER)
    assert everything(published) == before


@pytest.mark.parametrize("state", ["running", "failed"])
def test_a_build_that_did_not_succeed_is_refused(published, state):
    published.rows("update ops.build set state = %s", state)
    with pytest.raises(GateError, match=f"build build-1 is '{state}'"):
        publish.publish(published.settings, build_id=BUILD_ID, now=LATER)


def test_an_unknown_build_is_refused(built):
    with pytest.raises(GateError, match="build nope is unknown"):
        publish.publish(built.settings, build_id="nope", now=NOW)


def test_a_candidate_of_another_shape_is_refused(published):
    before = everything(published)
    published.rows("alter table review_candidate.access_user alter column group_count type text")
    with pytest.raises(GateError, match=r"review_candidate\.access_user does not fit review\.access_user: group_count"):
        publish.publish(published.settings, build_id=BUILD_ID, now=LATER)
    published.rows("drop table review_candidate.ticket_flow; alter table review_candidate.access_user drop group_count")
    with pytest.raises(GateError, match="does not fit"):
        publish.publish(published.settings, build_id=BUILD_ID, now=LATER)
    assert everything(published) == before


def test_an_error_in_the_middle_leaves_everything_as_it_was(published):
    next_build(published)
    before = everything(published)
    quality.check(published.settings, build_id="build-2", now=LATER)
    published.rows(
        "create function public.fail() returns trigger language plpgsql as 'begin raise ''disk full''; end';"
        "create trigger fail before insert on review.scorecard for each row when (new.client_id = 'gamma')"
        " execute function public.fail()"
    )
    with pytest.raises(WarehouseError, match="disk full"):
        publish.publish(published.settings, build_id="build-2", now=LATER)
    assert everything(published) == before
    published.rows("drop trigger fail on review.scorecard")
    assert publish.publish(published.settings, build_id="build-2", now=LATER).published_client_ids == CLIENTS


def wait_for(warehouse, query, *parameters):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if rows := warehouse.rows(query, *parameters):
            return rows
        time.sleep(0.02)
    raise AssertionError(f"never true: {query}")


def test_a_publisher_killed_in_the_middle_leaves_everything_and_readers_never_wait(published):
    next_build(published)
    quality.check(published.settings, build_id="build-2", now=LATER)
    before = everything(published)
    published.rows(
        "create function public.dawdle() returns trigger language plpgsql as"
        " 'begin perform pg_sleep(60); return new; end';"
        "create trigger dawdle before insert on review.ticket_flow for each row execute function public.dawdle()"
    )
    raised = []

    def run():
        try:
            publish.publish(published.settings, build_id="build-2", now=LATER)
        except WarehouseError as error:
            raised.append(error)

    publisher = threading.Thread(target=run)
    publisher.start()
    sleeping = (
        "select pid from pg_stat_activity where application_name = 'driftline publish' and wait_event = 'PgSleep'"
    )
    ((pid,),) = wait_for(published, sleeping)
    started = time.monotonic()
    assert everything(published) == before  # the rows are deleted and half of them replaced, unseen
    assert time.monotonic() - started < 1
    published.rows("select pg_terminate_backend(%s)", pid)
    publisher.join(20)
    assert "nothing was half-written" in str(raised[0])
    assert everything(published) == before


def test_a_reader_in_a_loop_never_sees_a_mix(published):
    stop = threading.Event()
    seen: list[set] = []
    waits: list[float] = []
    union = " union all ".join(f"select client_id, '{t}' as t, build_id from review.{t}" for t in TABLES)
    query = f"select client_id, t, array_agg(distinct build_id), count(*) from ({union}) r group by 1, 2"

    def read():
        connection = psycopg2.connect(published.url)
        connection.autocommit = True
        with connection.cursor() as cursor:
            while not stop.is_set():
                started = time.monotonic()
                cursor.execute(query)
                rows = cursor.fetchall()
                waits.append(time.monotonic() - started)
                seen.append({(client, table, tuple(builds), count) for client, table, builds, count in rows})
        connection.close()

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(2, 12):
        candidates.next_build(
            published, CLIENTS, build_id=f"build-{number}", night_id=f"night-{number}",
            as_of_at=AS_OF_AT + timedelta(hours=number),
        )  # fmt: skip
        published.rows(
            "insert into quality.gate select build_id, client_id, true, '', now(), 'nightly' from ops.build_client"
            " where build_id = %s",
            f"build-{number}",
        )
        publish.publish(published.settings, build_id=f"build-{number}", now=LATER)
    stop.set()
    reader.join()
    whole = {(client, table, count) for client in CLIENTS for table, count in ROWS_PER_CLIENT.items()}
    builds_seen = set()
    assert len(seen) > 20
    for snapshot in seen:
        assert {(client, table, count) for client, table, _, count in snapshot} == whole
        (builds,) = {builds for _, _, builds, _ in snapshot}
        assert len(builds) == 1
        builds_seen.add(builds)
    assert len(builds_seen) > 3
    assert max(waits) < 1
    print(f"{len(seen)} reads, longest {max(waits) * 1000:.0f} ms, builds seen {len(builds_seen)}")


def test_two_publishers_at_once_do_the_work_one_after_the_other(published):
    next_build(published)
    quality.check(published.settings, build_id="build-2", now=LATER)
    reports = []
    threads = [
        threading.Thread(
            target=lambda: reports.append(publish.publish(published.settings, build_id="build-2", now=LATER))
        )
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [report.published_client_ids for report in reports] == [CLIENTS, CLIENTS]
    assert standing(published)["acme"] == (["build-2"], False, None, None, ROWS)
    assert published.rows("select count(*) from review.publication where build_id = 'build-2'") == [(3,)]


def test_publication_writes_with_the_publishers_rights_alone(published):
    connection = psycopg2.connect(published.url)
    with connection.cursor() as cursor:
        cursor.execute("set role driftline_publisher")
        connection.commit()
        for statement in (
            "update quality.gate set is_open = true",
            "insert into review_candidate.scorecard select * from review_candidate.scorecard",
            "alter table review.scorecard disable row level security",
            "drop policy readers on review.scorecard",
            "insert into ops.reader_scope values ('x', '*')",
        ):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(statement)
            connection.rollback()
    connection.close()
