"""First full load of a client with a million tickets, against `COPY | COPY` into the same keyed table.

The peer is psql piped into psql, with the same columns and the same primary key. Ours does the whole night of that
client: every catalogued model, landing in one transaction, digests of both sides, bookkeeping.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
from driftline.catalogue import OdooVersion, load_catalogue
from driftline.migrate import migrate, raw_columns
from driftline.settings import Settings
from psycopg2.extensions import parse_dsn

from bench.figures import Figure
from demo.odoo import create
from demo.postgres import EmbeddedPostgres, programs_folder

REPOSITORY = Path(__file__).resolve().parents[1]
CLIENT_ID = "aegean"
ROUNDS = 3
TIME_LIMIT_RATIO = 1.5
MEMORY_LIMIT_MB = 300


def measure(row_count: int = 1_000_000) -> Iterator[Figure]:
    folder = REPOSITORY / "build" / "bench-postgres"
    server = EmbeddedPostgres(folder, settings={"shared_buffers": "1GB", "max_wal_size": "8GB"}).start()
    try:
        yield from _measure(server, row_count)
    finally:
        server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


def _measure(server: EmbeddedPostgres, row_count: int) -> Iterator[Figure]:
    source = server.url(create(server.url(), CLIENT_ID, anchor_at=datetime(2026, 11, 1, tzinfo=UTC), seed=1))
    table_mb = _grow(source, row_count)
    ours, peers, memory_mb = [], [], []
    for number in range(ROUNDS):
        peers.append(_copy_to_copy(server, source, f"peer_{number}"))
        report = _night(server, source, f"ours_{number}")
        ours.append(report["elapsed_seconds"])
        memory_mb.append(report["max_resident_mb"])
    ratio = statistics.median(ours) / statistics.median(peers)
    note = f"{row_count} tickets, {table_mb} MB table, median of {ROUNDS}; ours includes all models and the proof"
    yield Figure("first_load.copy_to_copy", statistics.median(peers), "s", note="psql | psql, same columns, same key")
    yield Figure(
        "first_load.night", statistics.median(ours), "s", vs="first_load.copy_to_copy", ratio=ratio,
        limit=TIME_LIMIT_RATIO, note=note,
    )  # fmt: skip
    yield Figure("first_load.max_resident", max(memory_mb), "MB", limit=MEMORY_LIMIT_MB, note="whole process")


def _grow(source: str, row_count: int) -> int:
    """Fill `helpdesk_ticket` up to the wanted number of rows, with texts as long as real ones."""
    connection = psycopg2.connect(source)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(max(id), 0), count(*) from helpdesk_ticket")
        highest, present = cursor.fetchone()
        cursor.execute(
            "select string_agg(quote_ident(attname), ', ') from pg_attribute"
            " where attrelid = 'helpdesk_ticket'::regclass and attnum > 0 and not attisdropped"
            " and attname not in ('id', 'number', 'name', 'description')"
        )
        columns = cursor.fetchone()[0]
        cursor.execute(
            f"with model as (select * from helpdesk_ticket order by id limit 1)"
            f" insert into helpdesk_ticket (id, number, name, description, {columns})"
            f" select %s + n, 'HT' || n, 'Ticket ' || n || ': the printer of the second floor does not answer',"
            f" repeat('It worked yesterday. ', 8), {columns} from model, generate_series(1, %s) n",
            (highest, row_count - present),
        )
        cursor.execute("vacuum analyze helpdesk_ticket")
        cursor.execute("select pg_total_relation_size('helpdesk_ticket') / 1000000")
        size_mb = cursor.fetchone()[0]
    connection.close()
    return int(size_mb)


def _new_warehouse(server: EmbeddedPostgres, name: str) -> str:
    connection = psycopg2.connect(server.url())
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"drop database if exists {name}")
        cursor.execute(f"create database {name}")
    connection.close()
    migrate(_settings(server.url(name)))
    return server.url(name)


def _copy_to_copy(server: EmbeddedPostgres, source: str, name: str) -> float:
    warehouse = _new_warehouse(server, name)
    entry = load_catalogue()["helpdesk.ticket"]
    stored = _columns_of(source, entry.table)
    present = [column for column in entry.columns_for(OdooVersion(17)) if column.source in stored]
    lead = {"client_id": "'peer'", "_read_at": "now()", "_night_id": "'night'"}
    select = ", ".join([*lead.values(), "id", *[column.source for column in present], "xmin::text::bigint"])
    target = ", ".join([*lead, "id", *[column.name for column in present], "_row_version"])
    assert set(target.split(", ")) <= set(raw_columns(entry))
    psql = [str(programs_folder() / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c"]
    started = time.monotonic()
    sender = subprocess.Popen(
        [*psql, f"copy (select {select} from helpdesk_ticket) to stdout"], env=_psql_environment(source),
        stdout=subprocess.PIPE,
    )  # fmt: skip
    subprocess.run(
        [*psql, f"copy raw.helpdesk_ticket ({target}) from stdin"], env=_psql_environment(warehouse),
        stdin=sender.stdout, check=True,
    )  # fmt: skip
    assert sender.wait() == 0
    elapsed_seconds = time.monotonic() - started
    _drop(server, name)
    return elapsed_seconds


def _columns_of(url: str, table: str) -> set[str]:
    connection = psycopg2.connect(url)
    with connection.cursor() as cursor:
        cursor.execute("select attname from pg_attribute where attrelid = %s::regclass and attnum > 0", (table,))
        names = {name for (name,) in cursor.fetchall()}
    connection.close()
    return names


def _psql_environment(url: str) -> dict[str, str]:
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
    return {**os.environ, **{names[key]: value for key, value in parse_dsn(url).items()}, "PGTZ": "UTC"}


def _night(server: EmbeddedPostgres, source: str, name: str) -> dict[str, float]:
    warehouse = _new_warehouse(server, name)
    environment = {
        **os.environ,
        "DRIFTLINE_WAREHOUSE_URL": warehouse,
        "DRIFTLINE_HASH_SALT": "bench",
        "DRIFTLINE_CLIENTS_FILE": str(REPOSITORY / "demo" / "clients.yml"),
        f"AIRFLOW_CONN_ODOO_{CLIENT_ID.upper()}": source,
    }
    result = subprocess.run(
        [sys.executable, "-m", "bench.one_night", CLIENT_ID], check=True, env=environment, stdout=subprocess.PIPE
    )
    _drop(server, name)
    return json.loads(result.stdout)


def _drop(server: EmbeddedPostgres, name: str) -> None:
    connection = psycopg2.connect(server.url())
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"drop database {name}")
    connection.close()


def _settings(warehouse: str) -> Settings:
    return Settings.from_environment({"DRIFTLINE_WAREHOUSE_URL": warehouse, "DRIFTLINE_HASH_SALT": "bench"})
