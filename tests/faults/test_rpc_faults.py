"""An Odoo that refuses, breaks off, lies or takes too long over RPC costs its own client the night, nothing else."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from conftest import run_sql
from driftline import night
from driftline.bookkeeping import PlannedNight
from driftline.catalogue import load_catalogue
from driftline.client_night import deadline_of
from driftline.errors import (
    AlreadyRunningError,
    ConfigError,
    DriftlineError,
    OutOfTimeError,
    SourceAccessDenied,
    SourceShapeError,
    SourceUnavailable,
)
from driftline.registry import Client
from nights import run_night
from remote_nights import NOW, Remote, with_clients

from demo.postgres import free_port
from demo.server import (
    Between,
    Dropped,
    ExpiredKey,
    Instead,
    Latency,
    LostSession,
    NoRights,
    Truncated,
    WrongPassword,
    bad_gateway,
    gateway_timeout,
    html_with_status_200,
    too_many_requests,
)
from demo.server.wire import HTML, Response
from faults.test_source_faults import wait_for_row

READS = {"method": "search_read"}


def answers(result: object) -> Instead:
    """An answer of the server's that no table stands behind."""
    return Instead(Response(200, json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}).encode()))


def records(ids: list[int]) -> list[dict[str, object]]:
    """Records with every field that is asked for, under these ids."""
    fields = load_catalogue()["helpdesk.ticket"].sources
    return [{**dict.fromkeys(fields, False), "id": row_id} for row_id in ids]


def test_what_passes_is_asked_again_and_nothing_is_lost_or_doubled(remote, tmp_path):
    patient = with_clients(
        remote.warehouse, tmp_path, {"aegean": {"limits": {"rpc_timeout_seconds": 3, "rpc_page_rows": 100}}}
    )
    remote.warehouse = patient
    faults = {
        "res.partner": bad_gateway(),
        "helpdesk.ticket": html_with_status_200(),
        "account.analytic.line": Truncated(0.5),
        "res.users": Dropped(40),
        "res.groups": Dropped(),
        "res.company": too_many_requests(1),
        "ir.module.module": gateway_timeout(),
        "ir.config_parameter": LostSession(),
        "res.users.log": Latency(4),
    }
    # The second question for rows: the first page of large models has been read by then.
    planned = {model: remote.server.faults.add(fault, model=model, **READS, after=1) for model, fault in faults.items()}
    remote.night(1)
    assert {model: fault.hits for model, fault in planned.items()} == dict.fromkeys(faults, 1)
    assert remote.unlike_source() == []
    counted = {model: remote.run_of(1, model) for model in faults}
    # A lost session is opened again at once; all others cost one question more.
    assert {model: run["retry_count"] for model, run in counted.items()} == {
        **dict.fromkeys(faults, 1),
        "ir.config_parameter": 0,
    }
    assert all(run["call_count"] >= 3 for run in counted.values())


@pytest.mark.parametrize(
    ("fault", "path"),
    [
        (bad_gateway(), "/web/version"),
        (too_many_requests(1), "/jsonrpc"),
        (Dropped(), "/jsonrpc"),
        (bad_gateway(), "/web/session/authenticate"),
        (Truncated(0.5), "/web/session/authenticate"),
        (gateway_timeout(), "/web/session/authenticate"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_detection_and_login_are_asked_again_too(remote, fault, path):
    before = logins(remote)
    planned = remote.server.faults.add(fault, path=path, times=1)
    remote.night(1)
    assert planned.hits == 1
    assert remote.unlike_source() == []
    # What was asked again is counted: detection asks twice, and again from its beginning.
    rows = remote.rows("select retry_count, call_count from ops.client_run")
    assert rows[0][0] == 1
    answered = remote.server.call_count
    assert rows[0][1] == answered + (1 if isinstance(fault, Dropped) else 0)
    # Only an answer that got lost on its way left a login behind.
    assert logins(remote) - before == (2 if isinstance(fault, Truncated) else 1)


@pytest.mark.parametrize(
    ("path", "words"),
    [("/web/version", "the server answers 502"), ("/web/session/authenticate", "the server answers 502")],
)
def test_detection_and_login_that_go_on_failing_end_the_night(remote, path, words):
    planned = remote.server.faults.add(bad_gateway(), path=path, times=None)
    with pytest.raises(SourceUnavailable, match=words):
        remote.night(1)
    assert planned.hits == 4
    assert words in remote.failure(1)


def logins(remote: Remote) -> int:
    return remote.source("select count(*) from res_users_log")[0][0]


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (bad_gateway(), SourceUnavailable, r"helpdesk\.ticket: the server answers 502: <html>"),
        (html_with_status_200("Upgrade"), SourceUnavailable, r"helpdesk\.ticket: the answer \(200\) is no JSON"),
        (NoRights(), SourceAccessDenied, r"helpdesk\.ticket: the account may not read it: You are not allowed"),
        (answers(records([7, 7])), SourceShapeError, r"helpdesk\.ticket: the server does not page by id"),
        (answers(records([9, 8])), SourceShapeError, r"helpdesk\.ticket: the server does not page by id"),
        (answers([{"id": 7}]), SourceShapeError, r"helpdesk\.ticket: the answer lacks .*write_date"),
        (answers({"length": 3}), SourceUnavailable, r"helpdesk\.ticket: the answer is no list of records"),
    ],
    ids=["502", "html", "no rights", "doubled ids", "ids out of order", "fields missing", "no list"],
)
def test_what_does_not_pass_ends_the_night_with_nothing_kept(remote, fault, error, words):
    remote.night(1)
    before = remote.landed()
    remote.change(
        f"update res_partner set name = 'moved', write_date = {NOW}", "delete from res_users_log",
        f"update helpdesk_ticket set name = 'moved', write_date = {NOW}",
    )  # fmt: skip
    planned = remote.server.faults.add(fault, model="helpdesk.ticket", **READS, after=1, times=None)
    with pytest.raises(error, match=rf"client 'aegean': {words}") as caught:
        remote.night(2)
    if isinstance(fault, Instead) and fault.response.content_type == HTML:
        assert planned.hits == 4  # it was worth asking again, a few times
    assert remote.failure(2).startswith(type(caught.value).__name__)
    assert remote.landed() == before
    remote.server.faults.clear()
    remote.night(3, believed=None)
    assert remote.unlike_source() == []


def test_a_wrong_login_is_refused_and_not_repeated(remote, remote_19):
    for client, words in ((remote, "Odoo refused the login"), (remote_19, "Odoo refused the key")):
        wrong = client.url.replace(f":{client.secret}@", ":hunter2@")
        calls = client.server.call_count
        with pytest.raises(SourceAccessDenied, match=rf"client '{client.client_id}': .*{words}") as caught:
            client.night(1, url=wrong)
        assert not caught.value.is_retryable
        assert client.server.call_count - calls <= 3
        assert "hunter2" not in str(caught.value) + client.failure(1)


def test_a_login_that_ends_in_mid_run_ends_the_night_with_nothing_kept(remote, remote_19):
    remote.server.faults.add(LostSession(), model="helpdesk.ticket", **READS)
    remote.server.faults.add(WrongPassword(), path="/web/session/authenticate", after=1, times=None)
    remote_19.server.faults.add(ExpiredKey(), model="helpdesk.ticket", **READS, times=None)
    for client, words in ((remote, "Odoo refused the login"), (remote_19, "Odoo refused the key")):
        before = client.landed()
        with pytest.raises(SourceAccessDenied, match=words):
            client.night(1)
        assert client.landed() == before
        client.server.faults.clear()
        client.night(2)
    assert remote.unlike_source() == []
    assert remote_19.unlike_source(version="19.0") == []


def test_a_field_of_another_type_is_named(remote):
    described = {"name": {"type": "integer", "store": True}}
    remote.server.faults.add(answers(described), model="res.partner", method="fields_get")
    with pytest.raises(SourceShapeError, match=r"res\.partner\.name is integer, the catalogue reads it as char"):
        remote.night(1)
    assert remote.failure(1).startswith("SourceShapeError: client 'aegean'")


def test_a_model_that_must_exist_is_missed_and_one_that_may_be_uninstalled_is_buried_once_that_is_believed(remote):
    remote.night(1)
    count = remote.rows("select count(*) from raw.helpdesk_ticket")[0][0]
    assert count > 100
    remote.change("delete from ir_model where model = 'helpdesk.ticket'")
    remote.night(2)
    tickets = remote.run_of(2, "helpdesk.ticket")
    assert (tickets["verdict"], tickets["warehouse_count"], tickets["rows_tombstoned"]) == ("held", count, 0)
    remote.night(3, believed=frozenset({"helpdesk.ticket"}))
    tickets = remote.run_of(3, "helpdesk.ticket")
    assert (tickets["verdict"], tickets["warehouse_count"], tickets["rows_tombstoned"]) == ("absent", 0, count)
    remote.change("delete from ir_model where model = 'res.partner'")
    before = remote.landed()
    with pytest.raises(SourceShapeError, match="its database lacks the table res_partner"):
        remote.night(4)
    assert remote.landed() == before


def test_a_field_that_comes_and_goes_is_recorded_and_its_values_come_with_it(remote):
    coverage = "select is_present, reason from ops.field_coverage where model = 'res.partner' and field = 'is_company'"
    run_sql(remote.database_url, "alter table res_partner drop column is_company")
    remote.server.reload()
    remote.night(1)
    assert remote.rows(coverage) == [
        (False, "no stored field is_company in res.partner, or the account may not read it")
    ]
    assert remote.rows("select count(*) from raw.res_partner where is_company is not null") == [(0,)]
    run_sql(remote.database_url, "alter table res_partner add column is_company boolean default true")
    remote.server.reload()
    remote.night(2)
    assert remote.rows(coverage) == [(True, "")]
    assert remote.run_of(2, "res.partner")["reason"] == "the table's columns changed"
    assert remote.unlike_source() == []


class Pause:
    """Holds the server's next answer about a model until it is told to go on."""

    def __init__(self, remote: Remote, model: str) -> None:
        self._arrived, self._go_on = threading.Event(), threading.Event()
        remote.server.faults.add(Between(self._wait), model=model, **READS)

    def _wait(self) -> None:
        self._arrived.set()
        assert self._go_on.wait(60)

    def until_arrived(self) -> None:
        assert self._arrived.wait(60)

    def go_on(self) -> None:
        self._go_on.set()


def in_background(work) -> tuple[threading.Thread, list[object]]:
    """Run something in a thread; what it returns, or the error that ends it, is put into the list."""
    outcome: list[object] = []

    def run() -> None:
        try:
            outcome.append(work())
        except DriftlineError as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, outcome


def test_two_readings_of_one_client_exclude_each_other(remote):
    pause = Pause(remote, "res.partner")
    thread, outcome = in_background(lambda: remote.night(1))
    pause.until_arrived()
    with pytest.raises(AlreadyRunningError, match="client 'aegean': a reading is already running"):
        remote.night(2)
    pause.go_on()
    thread.join()
    assert outcome[0].state == "succeeded"
    assert remote.unlike_source() == []


def test_clients_on_one_host_wait_for_its_slots_and_give_up_when_the_night_is_over(remote, tmp_path):
    one_at_a_time = {"limits": {"readings_per_host": 1}}
    remote.warehouse = with_clients(
        remote.warehouse, tmp_path, {"aegean": one_at_a_time, "second": one_at_a_time, "third": one_at_a_time}
    )
    second, third = (replace(remote, client_id=name) for name in ("second", "third"))
    third.warehouse = replace(third.warehouse, settings=replace(third.warehouse.settings, night_hours=1 / 3600))
    pause = Pause(remote, "res.partner")
    thread, outcome = in_background(lambda: remote.night(1))
    pause.until_arrived()
    calls = remote.server.call_count
    waiting, waited = in_background(lambda: second.night(2))
    wait_for_row(remote.warehouse.url, "select 1 from ops.client_run where client_id = 'second' and state = 'running'")
    with pytest.raises(OutOfTimeError, match="client 'third': no reading slot of its host became free in time"):
        third.night(3)
    assert third.failure(3).startswith("OutOfTimeError")
    assert remote.server.call_count - calls <= 1  # nobody but the first has asked anything meanwhile
    assert waited == []
    pause.go_on()
    thread.join()
    waiting.join()
    assert (outcome[0].state, waited[0].state) == ("succeeded", "succeeded")
    assert second.rows("select count(*) from raw.res_partner where client_id = 'second'") == second.source(
        "select count(*) from res_partner"
    )


def test_a_reading_stops_when_the_night_is_cut_off(remote):
    before = remote.landed()
    short = replace(remote.warehouse.settings, night_hours=3 / 3600)
    remote.warehouse = replace(remote.warehouse, settings=short)
    slow = remote.server.faults.add(Latency(0.5), **READS, times=None)
    started = time.monotonic()
    with pytest.raises(OutOfTimeError, match="client 'aegean': the night's cut-off has come; it was at"):
        remote.night(1)
    assert time.monotonic() - started < 10
    assert remote.failure(1).startswith("OutOfTimeError")
    assert remote.landed() == before
    remote.server.faults.remove(slow)
    remote.warehouse = replace(remote.warehouse, settings=replace(short, night_hours=1))
    remote.night(2)
    assert remote.unlike_source() == []


def test_a_server_that_does_not_answer_any_more_does_not_hold_up_the_night(remote, tmp_path):
    """The limit for one answer is longer than what is left of the night."""
    short = replace(with_clients(remote.warehouse, tmp_path, {"aegean": {}}).settings, night_hours=3 / 3600)
    remote.warehouse = replace(remote.warehouse, settings=short)
    remote.server.faults.add(Latency(30), model="helpdesk.ticket", **READS, times=None)
    started = time.monotonic()
    with pytest.raises(OutOfTimeError, match=r"the night's cut-off has come; it was at helpdesk\.ticket"):
        remote.night(1)
    assert time.monotonic() - started < 15


def test_the_time_of_a_reading_is_its_own_limit_or_what_is_left_of_the_night():
    client = Client(
        client_id="acme", name="A", timezone="UTC", tickets={"source": "helpdesk"},
        limits={"extraction_timeout_minutes": 5},
    )  # fmt: skip
    left = {"as_of_at": None, "is_recomputation": False, "kind": "nightly"}
    own = deadline_of(client, PlannedNight(**left, seconds_left=301.0))
    assert (round(own.seconds_left), own.reason) == (300, "reading took longer than 5 minutes")
    nights = deadline_of(client, PlannedNight(**left, seconds_left=299.0))
    assert (round(nights.seconds_left), nights.reason) == (299, "the night's cut-off has come")
    own.at = time.monotonic() - 1
    with pytest.raises(OutOfTimeError, match=r"longer than 5 minutes; it was at res\.partner, 1,234 rows"):
        own("res.partner", 1234)


@pytest.mark.parametrize(
    ("entry", "address", "words"),
    [
        (
            {},
            "http://admin:hunter2@192.0.2.1/odoo",
            "its connection is plain http: login and data would travel in clear",
        ),
        ({"transport": "postgres"}, "https://admin:hunter2@192.0.2.1/odoo", "wants a PostgreSQL address"),
        ({"transport": "rpc"}, "postgresql://admin:hunter2@192.0.2.1/odoo", "wants an http or https address"),
        ({"transport": "json2"}, "postgresql://admin:hunter2@192.0.2.1/odoo", "wants an http or https address"),
        ({}, "https://admin:hunter2@192.0.2.1", "names no host, no database or no password"),
    ],
)
def test_an_address_that_does_not_do_is_refused_before_anything_is_sent(warehouse, tmp_path, entry, address, words):
    warehouse = with_clients(warehouse, tmp_path, {"aegean": entry})
    started = time.monotonic()
    with pytest.raises(ConfigError, match=words) as caught:
        run_night(warehouse, address, 1)
    assert time.monotonic() - started < 5  # 192.0.2.1 answers nobody: a connection would take its time
    assert "hunter2" not in str(caught.value)


def detected(remote: Remote) -> tuple[str, str]:
    report = remote.night(1)
    return report.transport, report.odoo_version


def test_protocol_and_version_are_found_out(remote, remote_19):
    assert detected(remote) == ("rpc", "17.0")
    assert detected(remote_19) == ("json2", "19.0")


def test_a_server_that_is_none_of_odoos_is_said_to_be(remote, tmp_path):
    unreachable = f"http://admin:right@127.0.0.1:{free_port()}/odoo"
    with pytest.raises(SourceUnavailable, match="client 'aegean': its server cannot be reached"):
        remote.night(1, url=unreachable)
    page = remote.server.faults.add(html_with_status_200("It works"), path="/", times=None)
    with pytest.raises(SourceUnavailable, match=r"the answer \(200\) is no JSON; it begins: <!DOCTYPE html>"):
        remote.night(2)
    remote.server.faults.remove(page)
    other = remote.server.faults.add(answers({"server_serie": "13.0"}), path="/jsonrpc")
    with pytest.raises(SourceShapeError, match=r"version of its server: '13\.0' is not a supported"):
        remote.night(3)
    remote.server.faults.remove(other)
    remote.warehouse = with_clients(remote.warehouse, tmp_path, {"aegean": {"odoo_version": "18.0"}})
    with pytest.raises(SourceShapeError, match=r"clients\.yml says Odoo 18\.0, the server says 17\.0"):
        remote.night(4)
    remote.warehouse = with_clients(remote.warehouse, tmp_path, {"aegean": {"transport": "json2"}})
    with pytest.raises(SourceShapeError, match=r"Odoo 17\.0 does not speak JSON-2\. Set transport: rpc"):
        remote.night(5)


@pytest.mark.parametrize("status", [403, 404])
def test_what_is_pinned_holds_where_a_proxy_keeps_the_version_to_itself(remote, tmp_path, status):
    hidden = Instead(Response(status, b"<html>not for you</html>", "text/html"))
    for path in ("/web/version", "/jsonrpc"):
        remote.server.faults.add(hidden, path=path, times=None)
    with pytest.raises((SourceShapeError, SourceAccessDenied), match="client 'aegean'"):
        remote.night(1)
    pinned = {"odoo_version": "17.0", "transport": "rpc"}
    remote.warehouse = with_clients(remote.warehouse, tmp_path, {"aegean": pinned})
    assert detected(remote) == ("rpc", "17.0")


def test_one_clients_fault_does_not_touch_another(remote, remote_19, tmp_path):
    """Both are read by one process, one after the other, as a task for several clients does."""
    warehouse = with_clients(remote.warehouse, tmp_path, {"aegean": {}, "boreal": {}})
    for client in (remote, remote_19):
        client.warehouse = warehouse
    remote.server.faults.add(NoRights(), model="res.partner", **READS, times=None)
    night_id = "night 1"
    night.plan(warehouse.settings, night_id=night_id, now=datetime.now(UTC), conf={})
    addresses = {"aegean": remote.url, "boreal": remote_19.url}
    with pytest.raises(SourceAccessDenied, match=r"client 'aegean': res\.partner"):
        night.read_clients(
            warehouse.settings, night_id=night_id, client_ids=list(addresses), find_connection=addresses.get
        )
    night.finish(warehouse.settings, night_id=night_id)
    assert warehouse.rows("select client_id, state from ops.client_run order by 1") == [
        ("aegean", "failed"), ("boreal", "succeeded"),
    ]  # fmt: skip
    assert remote_19.unlike_source(version="19.0") == []
    assert warehouse.rows("select count(*) from raw.res_partner where client_id = 'aegean'") == [(0,)]
