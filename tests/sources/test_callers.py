"""odoorpc and JSON-2 against the demo server: same answers, one login, and every failure told for what it is."""

from __future__ import annotations

import time

import pytest
from conftest import run_autocommit, run_sql
from driftline.catalogue import OdooVersion
from driftline.errors import SourceAccessDenied, SourceShapeError, SourceUnavailable
from driftline.sources import Footprint
from driftline.sources.calls import Budget, ModelForbidden, PageTooLarge, ServerBusy, with_retries
from driftline.sources.json2 import Json2Caller
from driftline.sources.rpc import RpcCaller

from demo.server import (
    Dropped,
    ExpiredKey,
    Latency,
    LostSession,
    NoRights,
    OdooServer,
    Truncated,
    bad_gateway,
    gateway_timeout,
    html_with_status_200,
    too_large,
    too_many_requests,
)

PARTNERS = {"domain": [], "fields": ["name", "active", "parent_id"], "order": "id", "limit": 5, "load": None}
TIMEOUT_SECONDS = 1.0


@pytest.fixture(scope="session")
def boreal(pg_server, boreal_template):
    name = "callers"
    run_autocommit(pg_server.url(), f"create database {name} template {boreal_template}")
    with OdooServer(
        pg_server.url(name), version="19.0", users={"admin": "right"}, api_keys={"good-key": "admin"}
    ) as server:
        server.database_url = pg_server.url(name)
        yield server


@pytest.fixture(params=["rpc", "json2"])
def caller(request, boreal):
    server = boreal
    made = rpc_caller(server) if request.param == "rpc" else json2_caller(server)
    yield made
    made.close()
    server.faults.clear()


def rpc_caller(server: OdooServer, password: str = "right", calls_per_second: float = 1000) -> RpcCaller:
    return RpcCaller(
        host=server.host, port=server.port, is_tls=False, database=server.database, login="admin", password=password,
        version=OdooVersion(19), timeout_seconds=TIMEOUT_SECONDS, budget=Budget(calls_per_second),
    )  # fmt: skip


def json2_caller(server: OdooServer, key: str = "good-key") -> Json2Caller:
    return Json2Caller(
        server.url, database=server.database, key=key, version=OdooVersion(19), timeout_seconds=TIMEOUT_SECONDS,
        budget=Budget(1000),
    )  # fmt: skip


def test_both_give_what_lies_in_the_table(caller, boreal):
    rows = run_sql(
        boreal.database_url,
        "select id, name, coalesce(active, false), parent_id from res_partner where active order by id limit 5",
    )
    assert len(rows) == 5
    found = caller.call("res.partner", "search_read", PARTNERS)
    assert [(row["id"], row["name"], row["active"], row["parent_id"] or None) for row in found] == rows
    assert caller.footprint.bytes_received > 100
    assert caller.server_time() is not None


def test_rpc_logs_in_once_and_never_sends_the_password_again(boreal):
    before = boreal.call_count
    caller = rpc_caller(boreal)
    for _ in range(3):
        caller.call("res.partner", "search_read", PARTNERS)
    logins = run_sql(boreal.database_url, "select count(*) from res_users_log where create_uid = 2")
    assert logins[0][0] >= 1
    assert boreal.call_count - before == 4
    assert caller.footprint.calls == 4


def test_a_lost_session_is_opened_again_once(boreal):
    caller = rpc_caller(boreal)
    boreal.faults.add(LostSession(), model="res.partner", times=1)
    assert len(caller.call("res.partner", "search_read", PARTNERS)) == 5
    boreal.faults.clear()


def test_a_wrong_password_is_refused_without_being_quoted(boreal):
    with pytest.raises(SourceAccessDenied, match="Odoo refused the login") as caught:
        rpc_caller(boreal, password="hunter2")
    assert "hunter2" not in str(caught.value)


def test_a_wrong_or_expired_key_is_refused_without_being_quoted(boreal):
    with pytest.raises(SourceAccessDenied, match="Odoo refused the key") as caught:
        json2_caller(boreal, key="hunter2").call("res.partner", "search_read", PARTNERS)
    assert "hunter2" not in str(caught.value)
    boreal.faults.add(ExpiredKey(), model="res.partner")
    with pytest.raises(SourceAccessDenied, match="Odoo refused the key"):
        json2_caller(boreal).call("res.partner", "search_read", PARTNERS)
    boreal.faults.clear()


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (bad_gateway(), ServerBusy, r"the server answers 502: <"),
        (too_many_requests(1), ServerBusy, r"the server answers 429"),
        (html_with_status_200(), SourceUnavailable, r"is no JSON; it begins: <"),
        (Truncated(0.5), SourceUnavailable, r"is no JSON|was cut before the answer was complete"),
        (too_large(), PageTooLarge, r"the server gave up \(413\)"),
        (gateway_timeout(), PageTooLarge, r"the server gave up \(504\)"),
        (Dropped(), PageTooLarge, r"the connection was cut"),
        (Dropped(40), PageTooLarge, r"the connection was cut"),
        (Latency(TIMEOUT_SECONDS * 2), PageTooLarge, r"no answer within the time limit"),
        (NoRights(), ModelForbidden, r"the account may not read it"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_failure_is_told_for_what_it_is(caller, boreal, fault, error, words):
    boreal.faults.add(fault, model="res.partner")
    with pytest.raises(error, match=words) as caught:
        caller.call("res.partner", "search_read", PARTNERS)
    assert type(caught.value) is error
    assert "\n" not in str(caught.value)


def test_a_model_that_does_not_exist_is_a_question_not_understood(caller):
    with pytest.raises(SourceShapeError):
        caller.call("no.such.model", "search_read", PARTNERS)


def test_what_passes_is_repeated_and_what_does_not_pass_is_not(caller, boreal):
    boreal.faults.add(bad_gateway(), model="res.partner", times=2)
    footprint = Footprint()

    def call():
        return caller.call("res.partner", "search_read", PARTNERS)

    assert len(with_retries(call, footprint=footprint, first_pause_seconds=0.01)) == 5
    assert footprint.retries == 2
    refused = boreal.faults.add(NoRights(), model="res.partner")
    with pytest.raises(ModelForbidden):
        with_retries(call, footprint=footprint, first_pause_seconds=0.01)
    assert refused.hits == 1


def test_the_budget_spaces_the_calls(boreal):
    caller = rpc_caller(boreal, calls_per_second=20)
    started = time.monotonic()
    for _ in range(5):
        caller.call("res.partner", "search_read", PARTNERS)
    assert time.monotonic() - started >= 5 / 20 * 0.9
