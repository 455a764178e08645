"""Fixtures that every test folder shares: one real PostgreSQL per run, and a freshly migrated warehouse per test."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import psycopg2
import pytest
import yaml
from driftline.migrate import migrate
from driftline.settings import Settings
from xdist.scheduler import LoadScopeScheduling

from demo.odoo.creation import create
from demo.postgres import EmbeddedPostgres

# A few examples of each property in every run, always the same; `make test-heavy` tries many, others each time.
hypothesis.settings.register_profile("default", max_examples=6, deadline=None, derandomize=True)
hypothesis.settings.register_profile("heavy", max_examples=100, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

if "PYTEST_XDIST_WORKER" in os.environ:
    # Workers ignore Ctrl-C, and what they start would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)

REPOSITORY = Path(__file__).resolve().parents[1]
# Files that share what is long in the making are run by one worker, so that it is made once.
_SHARED = {
    "planted": ("test_access", "test_project", "test_tickets", "test_trend"),
    "lived_evenings": ("test_real_drift", "test_real_tickets", "test_real_customisation", "test_access_oracle"),
}
_SHARED_FOLDERS = ("sealing", "demo", "access_review")
# Begun first, so that no worker is left alone with one of them at the end. What is named nowhere follows.
_LONGEST_FIRST = (
    "test_ticket_nights", "test_stack", "planted", "sealing", "lived_evenings", "test_drift",
    "test_masterdata_histories",
    "test_command_line", "test_ticket_desks", "test_history", "test_masterdata", "test_rpc_faults", "demo",
    "test_change_effect", "test_client_side", "access_review", "test_publish", "test_defects", "test_real_odoo",
    "test_rpc_nights", "test_source_faults", "test_check", "test_transports", "test_build", "test_alerts",
)  # fmt: skip
_counter = itertools.count(1)


def _group(nodeid: str) -> str:
    path = Path(nodeid.split("::")[0])
    if path.parent.name in _SHARED_FOLDERS:
        return path.parent.name
    return next((name for name, files in _SHARED.items() if path.stem in files), path.stem)


class _Groups(LoadScopeScheduling):
    """Give a worker one group of tests after another."""

    def _split_scope(self, nodeid: str) -> str:
        return _group(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Groups:
    return _Groups(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {name: number for number, name in enumerate(_LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(_group(item.nodeid), len(place)))


@dataclass(frozen=True)
class Warehouse:
    """A migrated warehouse of one test."""

    url: str
    settings: Settings

    def rows(self, query: str, *parameters: object) -> list[tuple]:
        """Run one statement as the warehouse's owner and return its rows, if it has any."""
        return run_sql(self.url, query, *parameters)


def run_sql(url: str, query: str, *parameters: object) -> list[tuple]:
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(query, parameters or None)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


@pytest.fixture(scope="session")
def pg_server() -> Iterator[EmbeddedPostgres]:
    """Start one PostgreSQL for the whole run; `.url(database)` is its superuser's address."""
    server = EmbeddedPostgres(REPOSITORY / "build" / f"test-postgres-{os.getpid()}").start()
    yield server
    server.stop("immediate")
    import shutil

    shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture
def new_database(pg_server: EmbeddedPostgres):
    """Give a function that makes an empty database and returns its superuser URL."""

    made: list[str] = []

    def make(prefix: str = "db", template: str | None = None) -> str:
        name = f"{prefix}_{next(_counter)}"
        made.append(name)
        run_autocommit(pg_server.url(), f'create database "{name}"' + (f' template "{template}"' if template else ""))
        return pg_server.url(name)

    yield make
    for name in made:
        run_autocommit(pg_server.url(), f'drop database if exists "{name}" with (force)')


def run_autocommit(url: str, statement: str) -> None:
    connection = psycopg2.connect(url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()


def make_settings(url: str, **changes: object) -> Settings:
    values: dict = {
        "home": REPOSITORY,
        "clients_file": REPOSITORY / "demo" / "clients.yml",
        "build_folder": REPOSITORY / "build",
        "warehouse_url": url,
        "hash_salt": "salt of the tests",
        "policies_from": REPOSITORY / "config" / "policies",
    }
    return Settings(**{**values, **changes})


@pytest.fixture(scope="session")
def _warehouse_template(pg_server: EmbeddedPostgres) -> str:
    name = "warehouse_template"
    run_autocommit(pg_server.url(), f"create database {name}")
    migrate(make_settings(pg_server.url(name)))
    return name


@pytest.fixture
def warehouse(new_database, _warehouse_template: str) -> Warehouse:
    """A warehouse of this test's own, freshly migrated."""
    url = new_database("warehouse", template=_warehouse_template)
    return Warehouse(url=url, settings=make_settings(url))


@pytest.fixture
def registry_file(tmp_path: Path):
    """Give a function that points a warehouse's settings at a registry of the named clients."""

    def write(warehouse: Warehouse, **clients: dict) -> Warehouse:
        base = {"name": "Test", "transport": "postgres", "timezone": "UTC", "tickets": {"source": "helpdesk"}}
        path = tmp_path / "clients.yml"
        path.write_text(yaml.safe_dump({"clients": {name: {**base, **entry} for name, entry in clients.items()}}))
        return replace(warehouse, settings=replace(warehouse.settings, clients_file=path))

    return write


@pytest.fixture(scope="session")
def _aegean_template(pg_server: EmbeddedPostgres) -> str:
    return create(pg_server.url(), "aegean", anchor_at=datetime(2026, 11, 1, 12, tzinfo=UTC), seed=7)


@pytest.fixture(scope="session")
def boreal_template(pg_server: EmbeddedPostgres) -> str:
    """Name of a database that holds the demo client `boreal`, an Odoo 19.0; to be copied, not used."""
    return create(pg_server.url(), "boreal", anchor_at=datetime(2026, 11, 1, 12, tzinfo=UTC), seed=7)


@pytest.fixture
def odoo_source(new_database, _aegean_template: str) -> str:
    """Address of an Odoo 17.0 database of this test's own: the demo client `aegean`."""
    return new_database("odoo", template=_aegean_template)


@pytest.fixture
def few_models_only(monkeypatch):
    """Let the nights read the catalogue's own entries of a few models, which takes a fraction of the time."""
    import remote_nights
    from driftline import night

    monkeypatch.setattr(night, "load_catalogue", remote_nights.few_models)


@pytest.fixture
def remote(few_models_only, warehouse, odoo_source, tmp_path):
    """The demo client `aegean`, an Odoo 17.0 read over odoorpc; no model has its turn of a full reading."""
    from remote_nights import serve

    yield from serve(warehouse, odoo_source, tmp_path, client_id="aegean", version="17.0")


@pytest.fixture
def remote_19(few_models_only, warehouse, new_database, boreal_template, tmp_path):
    """The demo client `boreal`, an Odoo 19.0 read over JSON-2."""
    from remote_nights import serve

    url = new_database("odoo", template=boreal_template)
    yield from serve(warehouse, url, tmp_path, client_id="boreal", version="19.0")
