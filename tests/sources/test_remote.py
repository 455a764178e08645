"""Rows read over odoorpc and JSON-2 are, line for line, those that COPY gives: real data, served over its protocols."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pytest
from conftest import run_autocommit, run_sql
from driftline.catalogue import Entry, OdooVersion, Stored, load_catalogue
from driftline.errors import SourceAccessDenied
from driftline.registry import Client
from driftline.sources import Everything, Since
from driftline.sources.calls import Budget
from driftline.sources.json2 import Json2Caller
from driftline.sources.postgres import open_postgres_reading
from driftline.sources.remote import RemoteReading
from driftline.sources.rpc import RpcCaller
from integration.odoo_source import FACTS, load_dump

from demo.server import Between, NoRights, OdooServer, gateway_timeout, too_large

pytestmark = pytest.mark.skipif(not FACTS.is_dir(), reason="the recorded facts about Odoo are absent")

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SALT = "salt of the tests"

# What the demo server cannot serve of these models, though a real one would.
NOT_SERVED = {
    "res.partner.bank": "the recorded field list of 17.0 names no columns for it",
    "mail.alias.domain": "likewise",
    "base_import.mapping": "no server was asked for it",
}

# Odoo hides rows of these from the administrator too (facts 11 and 12): what is not seen is missing, never different.
HIDING = {"mail.message", "project.task", "project.task.type", "project.tags.project.task.rel", "project.task.user.rel"}
SEEN_IN_17 = {"project.task": 71, "project.task.type": 12}


@pytest.fixture(scope="module")
def served(pg_server):
    """Real data of 17.0 and 19.0, each behind a server that speaks its protocols."""
    servers: dict[str, OdooServer] = {}
    for version in ("17.0", "19.0"):
        name = f"remote_{version[:2]}"
        run_autocommit(pg_server.url(), f"create database {name}")
        load_dump(pg_server.url(name), FACTS / version / "demo-data.sql.gz")
        servers[version] = OdooServer(
            pg_server.url(name), version=version, users={"admin": "right"}, api_keys={"good-key": "admin"}
        )
        servers[version].database_url = pg_server.url(name)
        servers[version].__enter__()
    yield servers
    for server in servers.values():
        server.__exit__(None, None, None)


def remote(server: OdooServer, transport: str, version: str, **limits: object) -> RemoteReading:
    common = {"version": OdooVersion.parse(version), "timeout_seconds": 30, "budget": Budget(1000)}
    if transport == "json2":
        caller = Json2Caller(server.url, database=server.database, key="good-key", **common)
    else:
        caller = RpcCaller(
            host=server.host, port=server.port, is_tls=False, database=server.database, login="admin",
            password="right", **common,
        )  # fmt: skip
    return RemoteReading(a_client(**limits), caller, salt=SALT, now=NOW)


def a_client(**limits: object) -> Client:
    return Client(client_id="acme", name="A", timezone="UTC", tickets={"source": "helpdesk"}, limits=limits)


def rows(reading, entry: Entry, scope=None) -> dict[tuple, dict[str, object]]:
    """Read a model's COPY lines back: key -> field -> value, in the words that RPC has too."""
    sink = io.BytesIO()
    reading.write_rows(entry, scope or Everything(), sink)
    names = reading.columns(entry)
    found = {}
    for line in sink.getvalue().decode().split("\n")[:-1]:
        values = dict(zip(names, line.split("\t"), strict=True))
        key = tuple(int(values.pop(name)) for name in entry.key)
        values.pop("_row_version")
        assert key not in found
        found[key] = {name: as_odoo_says(value, entry.all_fields[name].lands_as) for name, value in values.items()}
    return found


def as_odoo_says(text: str, kind: Stored) -> object:
    """Bring both to what RPC can express: seconds, and no NULL among booleans and numbers."""
    if kind is Stored.BOOLEAN:
        return text == "t"
    if kind in {Stored.INTEGER, Stored.FLOAT, Stored.MONETARY}:
        return 0.0 if text == "\\N" else float(text)
    if text == "\\N":
        return None
    if kind is Stored.DATETIME:
        return text[:19]
    return json.loads(text.replace("\\\\", "\\")) if kind is Stored.JSON else text


@pytest.mark.parametrize(("version", "transport"), [("17.0", "rpc"), ("19.0", "rpc"), ("19.0", "json2")])
def test_every_row_is_the_one_that_copy_gives(served, version, transport):
    server, compared, different = served[version], 0, []
    client = a_client()
    over_network = remote(server, transport, version)
    with open_postgres_reading(client, url=server.database_url, catalogue=load_catalogue(), salt=SALT) as direct:
        for entry in load_catalogue():
            if entry.model in NOT_SERVED or not direct.shape(entry).is_present:
                continue
            left, right = rows(direct, entry), rows(over_network, entry)
            if entry.model in HIDING:
                assert right.keys() < left.keys() or entry.kind == "relation"
                assert right.keys() <= left.keys()
            elif left.keys() != right.keys():
                different.append(f"{entry.model}: {len(left)} rows directly, {len(right)} over {transport}")
            shared = set(direct.shape(entry).columns) & set(over_network.shape(entry).columns)
            for key in left.keys() & right.keys():
                compared += len(shared)
                different += [
                    f"{entry.model} {key} {name}: {left[key][name]!r} is not {right[key][name]!r}"
                    for name in shared
                    if left[key][name] != right[key][name]
                ]
            if version == "17.0" and entry.model in SEEN_IN_17:
                assert len(right) == SEEN_IN_17[entry.model]  # what the real server showed its administrator
    assert compared > 100_000
    assert not different, "\n".join(different[:30])


def test_the_page_size_does_not_matter_and_a_server_that_gives_up_is_asked_for_less(served):
    server, entry = served["17.0"], load_catalogue()["res.partner"]
    whole = rows(remote(server, "rpc", "17.0"), entry)
    assert len(whole) > 40
    assert rows(remote(server, "rpc", "17.0", rpc_page_rows=10, rpc_largest_page_rows=10), entry) == whole
    refusals = [
        server.faults.add(fault, model="res.partner", method="search_read", times=1)
        for fault in (gateway_timeout(), too_large())
    ]
    assert rows(remote(server, "rpc", "17.0", rpc_page_rows=40, rpc_largest_page_rows=40), entry) == whole
    assert [refusal.hits for refusal in refusals] == [1, 1]
    server.faults.clear()


def test_short_pages_do_not_end_a_reading(served):
    server, entry = served["17.0"], load_catalogue()["mail.message"]
    in_small_pages = rows(remote(server, "rpc", "17.0", rpc_page_rows=50, rpc_largest_page_rows=50), entry)
    assert in_small_pages == rows(remote(server, "rpc", "17.0"), entry)
    assert len(in_small_pages) > 600


def test_a_row_added_or_gone_between_pages_doubles_and_loses_nothing(served):
    server, entry = served["17.0"], load_catalogue()["ir.config_parameter"]
    before = set(rows(remote(server, "rpc", "17.0"), entry))
    assert len(before) > 12
    first = min(before)[0]

    def change() -> None:
        run_sql(server.database_url, "delete from ir_config_parameter where id = %s", first)
        run_sql(
            server.database_url,
            "insert into ir_config_parameter (id, key, value, write_date) select max(id) + 1, 'added', 'x', now()"
            " from ir_config_parameter",
        )

    server.faults.add(Between(change), model="ir.config_parameter", after=3, times=1)
    found = set(rows(remote(server, "rpc", "17.0", rpc_page_rows=10, rpc_largest_page_rows=10), entry))
    server.faults.clear()
    assert before - {(first,)} <= found
    assert found <= before | {(max(before)[0] + 1,)}


def test_only_what_was_written_since_is_read_again_with_an_overlap(served):
    server, entry = served["17.0"], load_catalogue()["res.partner"]
    newest = run_sql(server.database_url, "select id from res_partner order by id limit 1")[0][0]
    run_sql(server.database_url, "update res_partner set write_date = '2040-01-01 11:00:00' where id = %s", newest)
    noon = int(datetime(2040, 1, 1, 12, tzinfo=UTC).timestamp())
    assert set(rows(remote(server, "rpc", "17.0"), entry, Since({"since": noon}))) == {(newest,)}
    no_overlap = remote(server, "rpc", "17.0", rpc_overlap_minutes=30)
    assert rows(no_overlap, entry, Since({"since": noon})) == {}


def test_a_model_that_may_not_be_read_is_named_with_its_client(served):
    server, entry = served["17.0"], load_catalogue()["res.partner"]
    reading = remote(server, "rpc", "17.0")
    assert reading.shape(entry).is_present
    server.faults.add(NoRights(), model="res.partner")
    with pytest.raises(SourceAccessDenied, match=r"client 'acme': res\.partner: the account may not read it"):
        rows(reading, entry)
    server.faults.clear()
