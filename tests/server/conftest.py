"""The demo server over the handed-out data of real servers: one database per version and run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import run_autocommit
from integration.odoo_source import FACTS, load_dump

from demo.server import OdooServer
from server.clients import Caller

PASSWORDS = {"admin": "admin", "demo": "demo", "portal": "portal"}
API_KEYS = {"admin-key": "admin", "demo-key": "demo"}
RECORDED = {"17.0": "17.0-20240709", "19.0": "19.0"}


def _database(pg_server, version: str) -> str:
    dump = FACTS / version / "demo-data.sql.gz"
    if not dump.is_file():
        pytest.skip("the recorded facts about Odoo are absent")
    name = f"recorded_{version[:2]}"
    run_autocommit(pg_server.url(), f'create database "{name}"')
    load_dump(pg_server.url(name), dump)
    return pg_server.url(name)


def _served(pg_server, version: str) -> Iterator[OdooServer]:
    url = _database(pg_server, version)
    with OdooServer(
        url,
        version=version,
        users=PASSWORDS,
        api_keys=API_KEYS,
        database=f"odoo{version[:2]}",
        server_version=RECORDED[version],
    ) as server:
        server.database_url = url
        yield server
    run_autocommit(pg_server.url(), f'drop database if exists "{url.rpartition("/")[2]}" with (force)')


@pytest.fixture(scope="session")
def _recorded_17(pg_server) -> Iterator[OdooServer]:
    yield from _served(pg_server, "17.0")


@pytest.fixture(scope="session")
def _recorded_19(pg_server) -> Iterator[OdooServer]:
    yield from _served(pg_server, "19.0")


@pytest.fixture
def server_17(_recorded_17: OdooServer) -> Iterator[OdooServer]:
    """The 17.0 data, served; faults of one test do not reach the next."""
    yield _recorded_17
    _recorded_17.faults.clear()


@pytest.fixture
def server_19(_recorded_19: OdooServer) -> Iterator[OdooServer]:
    """The 19.0 data, served; faults of one test do not reach the next."""
    yield _recorded_19
    _recorded_19.faults.clear()


@pytest.fixture(params=["17.0", "19.0"])
def server(request) -> OdooServer:
    """Each of the two in turn."""
    return request.getfixturevalue(f"server_{request.param[:2]}")


@pytest.fixture
def caller(server: OdooServer) -> Caller:
    return Caller(server)
