"""What is said to be in full sight is: every model of real data, for accounts with many rights and with few."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from conftest import run_autocommit, run_sql
from driftline.catalogue import OdooVersion, load_catalogue
from driftline.registry import Client
from driftline.sources.calls import Budget
from driftline.sources.remote import RemoteReading
from driftline.sources.rpc import RpcCaller
from driftline.sources.seen import _is_about_companies, _is_always_true
from integration.odoo_source import FACTS, load_dump

from demo.server import OdooServer

pytestmark = pytest.mark.skipif(not FACTS.is_dir(), reason="the recorded facts about Odoo are absent")

# The demo server cannot serve these (no columns in the recorded field lists).
NOT_SERVED = {"mail.alias.domain", "base_import.mapping"}


@pytest.fixture(scope="module", params=["17.0", "19.0"])
def served(request, pg_server):
    version = request.param
    name = f"seen_{version[:2]}"
    run_autocommit(pg_server.url(), f"create database {name}")
    load_dump(pg_server.url(name), FACTS / version / "demo-data.sql.gz")
    with OdooServer(pg_server.url(name), version=version, users={"admin": "right", "demo": "right"}) as server:
        server.database_url = pg_server.url(name)
        yield version, server


def reading_as(login: str, version: str, server: OdooServer, company_count: int | None) -> RemoteReading:
    client = Client(
        client_id="acme", name="A", timezone="UTC", tickets={"source": "helpdesk"}, company_count=company_count
    )  # fmt: skip
    caller = RpcCaller(
        host=server.host, port=server.port, is_tls=False, database=server.database, login=login, password="right",
        version=OdooVersion.parse(version), timeout_seconds=30, budget=Budget(1000),
    )  # fmt: skip
    return RemoteReading(client, caller, salt="s", now=datetime(2026, 11, 22, tzinfo=UTC))


@pytest.mark.parametrize("login", ["admin", "demo"])
def test_what_is_said_to_be_in_full_sight_is_and_what_is_hidden_is_said(served, login):
    version, server = served
    ((companies,),) = run_sql(server.database_url, "select count(*) from res_company")
    reading = reading_as(login, version, server, companies)
    verdicts: dict[str, int] = {"full": 0, "partial": 0, "none": 0}
    for entry in load_catalogue():
        if entry.kind != "model" or entry.model in NOT_SERVED or not entry.exists_in(reading.version):
            continue
        shape = reading.shape(entry)
        if not (shape.is_present or shape.is_hidden):
            continue
        ((stored,),) = run_sql(server.database_url, f'select count(*) from "{entry.table}"')
        found = reading.visibility(entry)
        verdicts[found.verdict] += 1
        if found.verdict == "full":
            assert found.visible_count == stored, entry.model
        elif found.verdict == "partial":
            assert found.reason
            assert found.visible_count <= stored
    if login == "admin":
        assert verdicts["full"] > 40
        assert verdicts["none"] == 0
        assert reading.visibility(load_catalogue()["project.task"]).verdict == "partial"
        assert reading.visibility(load_catalogue()["mail.message"]).verdict == "partial"
        assert reading.visibility(load_catalogue()["ir.config_parameter"]).verdict == "full"
    else:
        assert verdicts["none"] > 5
        assert reading.visibility(load_catalogue()["ir.config_parameter"]).verdict == "none"
        assert reading.visibility(load_catalogue()["helpdesk.ticket"]).verdict == "partial"


def test_companies_that_nobody_counted_are_not_taken_for_all(served):
    version, server = served
    move = load_catalogue()["account.move"]
    uncounted = reading_as("admin", version, server, None)
    assert uncounted.shape(move).is_present
    said = uncounted.visibility(move)
    assert (said.verdict, "does not say how many there are" in said.reason) == ("partial", True)
    fewer = reading_as("admin", version, server, 99)
    assert fewer.shape(move).is_present
    assert "company_count in clients.yml says 99" in fewer.visibility(move).reason


@pytest.mark.parametrize(
    ("domain", "is_always_true"),
    [("[]", True), ("[(1, '=', 1)]", True), ('[(1,"=",1)]', True), ("", True), ("[(0, '=', 1)]", False),
     ("[('user_id', '=', user.id)]", False)],
)  # fmt: skip
def test_a_rule_without_a_condition_hides_nothing(domain, is_always_true):
    assert _is_always_true(domain) is is_always_true


@pytest.mark.parametrize(
    ("model", "domain", "is_about_companies"),
    [
        ("res.partner", "['|', ('company_id', '=', False), ('company_id', 'in', company_ids)]", True),
        ("account.move", "[('company_id', 'in', company_ids)]", True),
        ("res.company", "[('id','in', company_ids)]", True),
        ("res.users", "[('id','in', company_ids)]", False),
        ("res.partner", "['|', ('company_id', '=', False), ('user_id', '=', user.id)]", False),
        ("stock.quant", "[('location_id.company_id', 'in', company_ids + [False])]", True),
        ("x", "[(1, '=', 0)]", False),
    ],
)
def test_a_rule_about_companies_is_told_from_others(model, domain, is_about_companies):
    assert _is_about_companies(model, domain) is is_about_companies
