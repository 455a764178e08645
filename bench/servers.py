"""The server, the client databases and the warehouses that benchmarks share. What is measured does not belong here."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2
from driftline.migrate import migrate
from driftline.settings import Settings
from psycopg2.extensions import parse_dsn

from bench.nights import salted
from demo.odoo import create
from demo.odoo.database import administer
from demo.postgres import EmbeddedPostgres, programs_folder

BUILD = Path(__file__).resolve().parents[1] / "build"
CLIENT_ID = "aegean"
PSQL = [str(programs_folder() / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1"]

_SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "4GB"}
_LONG_TEXTS = {"name": "'Ticket ' || n || ': the printer of the second floor does not answer'",
               "description": "repeat('It worked yesterday. ', 8)"}  # fmt: skip
_SHORT_TEXTS = {"name": "'Ticket ' || n", "description": "''"}


@contextmanager
def bench_server() -> Iterator[EmbeddedPostgres]:
    """Start a server of its own for one benchmark; stop it and remove its data afterwards."""
    folder = BUILD / "bench-postgres"
    shutil.rmtree(folder, ignore_errors=True)
    server = EmbeddedPostgres(folder, settings=_SETTINGS).start()
    try:
        yield server
    finally:
        server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


def make_source(server: EmbeddedPostgres) -> str:
    """Make the client database and give its URL: Odoo 17 with two years of a small company's life."""
    return server.url(create(server.url(), CLIENT_ID, anchor_at=datetime(2026, 11, 1, tzinfo=UTC), seed=1))


def grow_tickets(source: str, row_count: int, *, is_narrow: bool = False) -> int:
    """Fill `helpdesk_ticket` up to the wanted number of rows; give the table's size in MB.

    Texts are as long as real ones, or as short as can be where only the number of rows matters.
    """
    texts = _SHORT_TEXTS if is_narrow else _LONG_TEXTS
    own = ["id", "number", *texts]
    with closing(psycopg2.connect(source)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("select max(id), count(*) from helpdesk_ticket")
            highest, present = cursor.fetchone()
            cursor.execute(
                "select string_agg(quote_ident(attname), ', ') from pg_attribute"
                " where attrelid = 'helpdesk_ticket'::regclass and attnum > 0 and not attisdropped"
                " and attname <> all(%s)",
                (own,),
            )
            columns = cursor.fetchone()[0]
            cursor.execute(
                f"with model as (select * from helpdesk_ticket order by id limit 1)"
                f" insert into helpdesk_ticket ({', '.join(own)}, {columns})"
                f" select %s + n, 'HT' || %s + n, {', '.join(texts.values())}, {columns}"
                " from model, generate_series(1, %s) n",
                (highest, highest, row_count - present),
            )
            cursor.execute("vacuum analyze helpdesk_ticket")
            cursor.execute("select pg_total_relation_size('helpdesk_ticket') / 1000000")
            return int(cursor.fetchone()[0])


def new_warehouse(server: EmbeddedPostgres, name: str) -> str:
    """Make an empty, migrated warehouse and give its URL."""
    administer(server.url(), "create database {}", name)
    migrate(Settings.from_environment(salted(server.url(name))))
    return server.url(name)


def drop_database(server: EmbeddedPostgres, name: str) -> None:
    """Drop a database, whoever is still connected."""
    administer(server.url(), "drop database {} with (force)", name)


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    """Run one statement outside any transaction and give its rows (none for a command)."""
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall() if cursor.description else []


def psql_environment(url: str) -> dict[str, str]:
    """Tell psql where to go without the password in its arguments."""
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
    return {**os.environ, **{names[key]: value for key, value in parse_dsn(url).items()}, "PGTZ": "UTC"}
