"""Fixtures for the demo clients' tests: a server of their own, all five databases, and what real servers answered."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
import pytest

from demo import odoo
from demo.odoo.database import administer
from demo.postgres import EmbeddedPostgres

REPOSITORY = Path(__file__).resolve().parents[2]
FACTS = REPOSITORY.parent / "shared" / "facts" / "odoo"
ANCHOR_AT = datetime(2026, 11, 20, 22, 15, tzinfo=UTC)
NIGHT_TWO_AT = datetime(2026, 11, 21, 22, 15, tzinfo=UTC)
SEED = 1

needs_facts = pytest.mark.skipif(not FACTS.exists(), reason="shared/facts/odoo, what real servers answered, is absent")


@pytest.fixture(scope="session")
def demo_server() -> Iterator[EmbeddedPostgres]:
    """A server apart: `create` drops odoo_<client>, which other tests keep on the shared one."""
    server = EmbeddedPostgres(REPOSITORY / "build" / f"test-demo-postgres-{os.getpid()}").start()
    yield server
    server.stop("immediate")
    shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def databases(demo_server: EmbeddedPostgres) -> dict[str, str]:
    """All five clients as of night one, for reading: client id → URL."""
    urls = {}
    for client_id in odoo.CLIENT_IDS:
        name = odoo.create(demo_server.url(), client_id, anchor_at=ANCHOR_AT, seed=SEED)
        # Out of the way of tests that create clients themselves.
        administer(demo_server.url(), "alter database {} rename to {}", name, f"kept_{client_id}")
        urls[client_id] = demo_server.url(f"kept_{client_id}")
    return urls


@pytest.fixture(scope="module")
def fresh_databases(demo_server: EmbeddedPostgres) -> dict[str, str]:
    """All five clients, to be changed by one file of tests."""
    return {
        client_id: demo_server.url(odoo.create(demo_server.url(), client_id, anchor_at=ANCHOR_AT, seed=SEED))
        for client_id in odoo.CLIENT_IDS
    }


def tables(url: str) -> list[str]:
    """Name all tables of a database."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("select tablename from pg_tables where schemaname = 'public' order by 1")
        return [name for (name,) in cursor.fetchall()]


def digests(url: str) -> dict[str, str]:
    """Hash what COPY gives of every table, in the order of its key."""
    found = {}
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        for table in tables(url):
            output = io.StringIO()
            cursor.copy_expert(f"copy (select * from {table} order by 1, 2) to stdout", output)
            found[table] = hashlib.sha256(output.getvalue().encode()).hexdigest()
    return found


def contents(url: str) -> dict[str, dict[str, str]]:
    """Give every row of every table as text, by key."""
    found = {}
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        for table in tables(url):
            cursor.execute(
                "select count(*) from pg_attribute where attrelid = %s::regclass and attname = 'id'", (table,)
            )
            key = "id::text" if cursor.fetchone()[0] else "t::text"
            cursor.execute(f"select {key}, t::text from {table} t")
            found[table] = dict(cursor.fetchall())
    return found
