"""Every expectation is proven able to fail: a planted defect fails exactly that one, for exactly that client."""

import json

import pytest
from driftline import quality
from driftline.quality.suites import load_suites

from tests.conftest import REPOSITORY
from tests.quality import candidates
from tests.quality.defect_table import (
    CLIENT_OF,
    DECLARED,
    DOCUMENT,
    failures,
    markdown,
    plant,
    row_of,
    rows_for_one_client,
)
from tests.quality.defects import FOR_ALL_CLIENTS, FOR_ONE_CLIENT

SOUND_CLIENT = "sound"


@pytest.fixture(scope="module")
def everything_planted(_warehouse_template, pg_server):
    """One warehouse in which every client has a defect of its own, checked once."""
    from tests.conftest import Warehouse, make_settings, run_autocommit

    run_autocommit(pg_server.url(), f'create database "planted" template "{_warehouse_template}"')
    url = pg_server.url("planted")
    warehouse = Warehouse(url=url, settings=make_settings(url))
    candidates.make_tables(warehouse)
    candidates.fill(warehouse, [SOUND_CLIENT, *CLIENT_OF.values()])
    for place, defect in FOR_ONE_CLIENT.items():
        plant(warehouse, defect.sql, client=CLIENT_OF[place])
    report = quality.check(warehouse.settings, build_id=candidates.BUILD_ID, now=candidates.NOW)
    return warehouse, report


def test_no_expectation_lacks_a_defect():
    assert len(DECLARED) > 80
    assert set(FOR_ONE_CLIENT) | set(FOR_ALL_CLIENTS) == set(DECLARED)


@pytest.mark.parametrize("place", FOR_ONE_CLIENT, ids="/".join)
def test_a_planted_defect_fails_its_expectation_for_its_client_and_no_other(everything_planted, place):
    warehouse, _ = everything_planted
    defect = FOR_ONE_CLIENT[place]
    client_id = CLIENT_OF[place] + ("_unknown" if defect.stranger else "")
    mine = {item for item in failures(warehouse) if item[1].removesuffix("_unknown") == CLIENT_OF[place]}
    assert mine == {(item, client_id) for item in (place, *defect.also)}


def test_the_documented_table_is_what_is_seen(everything_planted):
    warehouse, _ = everything_planted
    documented = DOCUMENT.read_text().splitlines()
    rows = list(rows_for_one_client(failures(warehouse)))
    assert all(row.is_as_expected for row in rows)
    assert [line for line in map(markdown, rows) if line not in documented] == []
    assert len([line for line in documented if line.startswith("| `")]) == len(DECLARED)


def test_nothing_fails_for_the_sound_client_or_for_all(everything_planted):
    warehouse, report = everything_planted
    assert {client for _, client in failures(warehouse)} & {SOUND_CLIENT, "*"} == set()
    assert SOUND_CLIENT in report.open_clients


def test_a_gate_closes_on_critical_failures_only(everything_planted):
    warehouse, report = everything_planted
    for place, client_id in CLIENT_OF.items():
        is_in_build = client_id in report.open_clients or client_id in report.closed_clients
        assert is_in_build is (place != ("quality.checked_client", "client_coverage"))
        if is_in_build:
            # A defect of a mart may also make what is published differ from it.
            failing = [DECLARED[it] for it in (place, *FOR_ONE_CLIENT[place].also)]
            closes = not FOR_ONE_CLIENT[place].stranger and any(
                it.severity == "critical" and not it.voids for it in failing
            )
            assert (client_id in report.closed_clients) is closes, (place, report.closed_clients.get(client_id))
    stored = warehouse.rows("select client_id, reason from quality.gate where not is_open")
    assert dict(stored) == dict(report.closed_clients)


def test_a_failure_of_one_kpi_takes_that_one_out_and_nothing_else(everything_planted):
    warehouse, report = everything_planted
    voiding = {place: DECLARED[place].voids for place in FOR_ONE_CLIENT if DECLARED[place].voids}
    assert len(voiding) >= 8
    found = warehouse.rows("select client_id, kpi from quality.voided_kpi")
    assert {client for client, _ in found} == {CLIENT_OF[place] for place in voiding} == set(report.voided_kpis)
    assert len(found) == len(voiding)
    assert (CLIENT_OF["drift.version_currency", "upgrade_in_past"], "version_upgrade_age") in found


@pytest.mark.parametrize("place", FOR_ALL_CLIENTS, ids="/".join)
def test_a_defect_of_the_whole_table_closes_every_gate(warehouse, place):
    defect = FOR_ALL_CLIENTS[place]
    candidates.make_tables(warehouse)
    candidates.fill(warehouse, ["acme", "beta"])
    plant(warehouse, defect.sql)
    report = quality.check(warehouse.settings, build_id=candidates.BUILD_ID, now=candidates.NOW)
    found = failures(warehouse)
    assert (place, "*") in found
    assert {item for item, _ in found} == {place, *defect.also}
    assert report.open_clients == ()
    assert markdown(row_of(place, defect, {item for item, _ in found}, "*")) in DOCUMENT.read_text()


def test_a_quarter_before_the_histories_begin_has_no_users_and_is_no_defect(warehouse):
    candidates.make_tables(warehouse)
    candidates.fill(warehouse, ["acme", "beta"])
    plant(
        warehouse,
        "update ops.night set as_of_at = as_of_at + interval '1 day'; delete from access.user;"
        " delete from review_candidate.access_user; update drift.version_currency set major = null",
    )
    report = quality.check(warehouse.settings, build_id=candidates.BUILD_ID, now=candidates.NOW)
    assert failures(warehouse) == set()
    assert report.open_clients == ("acme", "beta")


def test_only_counts_and_keys_are_stored_of_failing_rows(everything_planted):
    warehouse, _ = everything_planted
    keys_of = {suite.table: set(suite.key) for suite in load_suites(REPOSITORY / "expectations")}
    stored = warehouse.rows("select suite, observed, expected, failing_keys from quality.check_result")
    assert len(stored) > 80
    for suite, observed, expected, failing_keys in stored:
        for key in failing_keys:
            assert set(key) < keys_of[suite]
        for value in ("sales1@example.org", "on leave", "bananas"):
            assert value not in json.dumps([observed, expected, failing_keys])


def test_the_key_of_a_failing_row_says_where_it_is(everything_planted):
    warehouse, _ = everything_planted
    client_id = CLIENT_OF["review_candidate.access_user", "employee_state_known"]
    assert warehouse.rows(
        "select failing_count, failing_keys from quality.check_result where client_id = %s", client_id
    ) == [(1, [{"quarter": "2026Q4", "odoo_user_id": 9}])]
