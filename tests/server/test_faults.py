"""Each fault does what it says, to the calls it was meant for and to no others."""

from __future__ import annotations

import json
import time

import httpx
import pytest
from conftest import run_sql

from demo.server import (
    Between,
    Dropped,
    ExpiredKey,
    Latency,
    LostSession,
    NoRights,
    OdooServer,
    Truncated,
    WrongPassword,
    bad_gateway,
    gateway_timeout,
    html_with_status_200,
    too_large,
    too_many_requests,
)
from server import world
from server.clients import Caller


@pytest.fixture
def url(new_database) -> str:
    address = new_database("odoo")
    world.create(address, partners=40)
    return address


@pytest.fixture
def server(url):
    with OdooServer(url, version="19.0", users={"boss": "boss"}, api_keys={"key": "boss"}) as running:
        yield running


@pytest.fixture
def caller(server) -> Caller:
    return Caller(server)


def count(caller: Caller) -> httpx.Response:
    return caller.json2("res.partner", "search_count", key="key", domain=[])


def rpc(caller: Caller, model: str = "res.partner", password: str = "boss") -> httpx.Response:
    return caller.jsonrpc("object", "execute_kw", caller.server.database, 2, password, model, "search_count", [[]], {})


@pytest.mark.parametrize(
    ("fault", "status"),
    [(bad_gateway(), 502), (gateway_timeout(), 504), (too_large(), 413), (too_many_requests(7), 429),
     (html_with_status_200(), 200)],
)  # fmt: skip
def test_an_answer_of_somebody_else_comes_once(caller, fault, status):
    planned = caller.server.faults.add(fault, model="res.partner")
    response = count(caller)
    assert response.status_code == status
    assert response.headers["content-type"].startswith("text/html")
    assert response.headers.get("retry-after") == ("7" if status == 429 else None)
    assert "<html" in response.text
    assert count(caller).json() == 43
    assert (planned.seen, planned.hits) == (2, 1)


def test_a_fault_waits_its_turn_and_minds_its_model(caller):
    planned = caller.server.faults.add(bad_gateway(), model="res.partner", method="search_count", after=2, times=2)
    assert rpc(caller, "res.users").status_code == 200
    assert [rpc(caller).status_code for _ in range(6)] == [200, 200, 502, 502, 200, 200]
    assert planned.hits == 2
    caller.server.faults.add(bad_gateway(), times=None)
    assert [count(caller).status_code for _ in range(3)] == [502, 502, 502]
    caller.server.faults.clear()
    assert count(caller).status_code == 200


def test_a_truncated_body_is_whole_for_http_and_no_json(caller):
    caller.server.faults.add(Truncated(0.5))
    response = caller.json2("res.partner", "search_read", key="key", domain=[], fields=["name"])
    assert response.status_code == 200
    assert response.text.startswith('[{"id": ')
    with pytest.raises(json.JSONDecodeError):
        response.json()


@pytest.mark.parametrize("after_bytes", [None, 0, 20])
def test_a_dropped_connection_is_an_error_of_the_transport(caller, after_bytes):
    caller.server.faults.add(Dropped(after_bytes))
    with pytest.raises(httpx.RemoteProtocolError):
        caller.json2("res.partner", "search_read", key="key", domain=[], fields=["name"])
    assert count(caller).json() == 43


def test_latency_is_waited_for_and_a_client_may_give_up(caller):
    caller.server.faults.add(Latency(0.3), times=2)
    began = time.monotonic()
    assert count(caller).json() == 43
    assert time.monotonic() - began >= 0.3
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{caller.server.url}/json/2/res.partner/search_count", json={"domain": []}, timeout=0.1)


def test_a_password_stops_being_right_after_n_calls(caller):
    caller.server.faults.add(WrongPassword(), after=2, times=None)
    names = [rpc(caller).json().get("error", {}).get("data", {}).get("name") for _ in range(4)]
    assert names == [None, None, "odoo.exceptions.AccessDenied", "odoo.exceptions.AccessDenied"]
    assert caller.jsonrpc("common", "login", caller.server.database, "boss", "boss").json()["result"] is False
    # A key in the place of the password has nothing to do with the password.
    answer = rpc(caller, password="key")
    assert answer.json()["result"] == 43


def test_a_key_expires_as_bearer_and_as_password(caller):
    caller.server.faults.add(ExpiredKey(), times=None)
    response = count(caller)
    assert (response.status_code, response.json()["message"]) == (401, "Invalid apikey")
    answer = rpc(caller, password="key")
    assert answer.json()["error"]["data"]["name"] == "odoo.exceptions.AccessDenied"
    assert rpc(caller).json()["result"] == 43


def test_a_session_is_lost_in_the_middle(caller):
    caller.web("/web/session/authenticate", db=caller.server.database, login="boss", password="boss")
    caller.server.faults.add(LostSession(), path="/web/dataset", after=1)
    asked = {"model": "res.partner", "method": "search_count", "args": [[]], "kwargs": {}}
    assert caller.web("/web/dataset/call_kw", **asked).json()["result"] == 43
    assert caller.web("/web/dataset/call_kw", **asked).json()["error"]["code"] == 100


def test_rights_on_one_model_go_away_while_it_is_read(caller):
    caller.server.faults.add(NoRights(), model="res.partner", after=1, times=None)
    assert count(caller).json() == 43
    response = count(caller)
    assert (response.status_code, response.json()["name"]) == (403, "odoo.exceptions.AccessError")
    assert response.json()["message"].startswith("You are not allowed to access 'Contact' (res.partner) records.")
    assert rpc(caller, "res.users").json()["result"] == 2


def pages(caller: Caller) -> list[int]:
    """Four pages of ten, newest first, by offset."""
    found = []
    for offset in range(0, 40, 10):
        named = {"domain": [], "offset": offset, "limit": 10, "order": "id desc"}
        found += caller.json2("res.partner", "search", key="key", **named).json()
    return found


def test_a_row_inserted_between_offset_pages_doubles_one(caller, url):
    caller.server.faults.add(Between(lambda: run_sql(url, "insert into res_partner (name) values ('new')")), after=1)
    found = pages(caller)
    assert len(found) == 40
    assert sorted(record for record in set(found) if found.count(record) > 1) == [24]


def test_a_row_deleted_between_offset_pages_loses_one(caller, url):
    caller.server.faults.add(Between(lambda: run_sql(url, "delete from res_partner where id = 40")), method="search")
    found = pages(caller)
    assert len(set(found)) == 40
    assert sorted(set(range(4, 44)) - set(found)) == [33]


def test_faults_meet_in_one_call_and_figures_count_what_was_sent(caller):
    before = caller.server.call_count
    caller.server.faults.add(Latency(0.05))
    caller.server.faults.add(bad_gateway())
    assert count(caller).status_code == 502
    assert caller.server.call_count == before + 1
    assert caller.server.byte_count > 100
