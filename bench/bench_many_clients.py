"""Forty clients of 20,000 rows each, by the command line with two workers, against the sum of their reads.

The limit is on the sum of the same run's reads: it shows what the command adds to them. Beside it, without a limit,
stand reads that had the machine to themselves: on as many cores as workers those cannot halve, since source, pump and
warehouse of a single read already work side by side.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import yaml
from psycopg2.extensions import parse_dsn

from bench.figures import Figure
from bench.nights import night_environment, read_clients
from bench.servers import bench_server, drop_database, grow_tickets, make_source, new_warehouse
from demo.odoo.database import administer
from demo.postgres import EmbeddedPostgres

CLIENT_COUNT = 40
ROW_COUNT = 20_000
WORKERS = 2
LIMIT_RATIO = 1.3


def measure(client_count: int = CLIENT_COUNT) -> Iterator[Figure]:
    with bench_server() as server, tempfile.TemporaryDirectory() as folder:
        sources = _make_sources(server, client_count)
        clients_file = _register(Path(folder), list(sources))
        single_seconds = _read_in_turn(server, sources, clients_file)
        elapsed_seconds, own_seconds = _extract(server, sources, clients_file)
    note = f"{client_count} clients with {ROW_COUNT} tickets, divided by {WORKERS} workers"
    yield Figure("many_clients.share_of_reads", own_seconds / WORKERS, "s", note=f"the same run's reads: {note}")
    yield Figure(
        "many_clients.extract", elapsed_seconds, "s", vs="many_clients.share_of_reads",
        ratio=elapsed_seconds * WORKERS / own_seconds, limit=LIMIT_RATIO,
        note=f"driftline extract --workers {WORKERS}, first load",
    )  # fmt: skip
    yield Figure("many_clients.share_of_single_reads", single_seconds / WORKERS, "s", note=f"read in turn: {note}")
    yield Figure(
        "many_clients.extract_to_single_reads", elapsed_seconds, "s", vs="many_clients.share_of_single_reads",
        ratio=elapsed_seconds * WORKERS / single_seconds,
    )  # fmt: skip


def _make_sources(server: EmbeddedPostgres, client_count: int) -> dict[str, str]:
    """Make the clients' databases as copies of one; they have the same rows and an oid each."""
    template = make_source(server)
    grow_tickets(template, ROW_COUNT)
    name = parse_dsn(template)["dbname"]
    client_ids = [f"client_{number:02d}" for number in range(client_count)]
    for client_id in client_ids:
        administer(server.url(), "create database {} template {}", client_id, name)
    return {client_id: server.url(client_id) for client_id in client_ids}


def _register(folder: Path, client_ids: list[str]) -> Path:
    clients = {
        client_id: {"name": client_id, "transport": "postgres", "timezone": "UTC", "tickets": {"source": "helpdesk"}}
        for client_id in client_ids
    }
    path = folder / "clients.yml"
    path.write_text(yaml.safe_dump({"clients": clients}))
    return path


def _read_in_turn(server: EmbeddedPostgres, sources: dict[str, str], clients_file: Path) -> float:
    warehouse = new_warehouse(server, "bench_single")
    costs = read_clients(warehouse, sources, clients_file=clients_file)
    assert [cost.client_id for cost in costs] == list(sources)
    drop_database(server, "bench_single")
    return sum(cost.elapsed_seconds for cost in costs)


def _extract(server: EmbeddedPostgres, sources: dict[str, str], clients_file: Path) -> tuple[float, float]:
    """Give the seconds of the whole command, its start included, and the sum of its reads as it reports them."""
    warehouse = new_warehouse(server, "bench_extract")
    command = [str(Path(sys.executable).with_name("driftline")), "extract", "--workers", str(WORKERS), "--json"]
    started = time.monotonic()
    result = subprocess.run(
        command, env=night_environment(warehouse, sources, clients_file=clients_file), check=True,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    elapsed_seconds = time.monotonic() - started
    report = json.loads(result.stdout)
    assert {client["client_id"] for client in report["clients"] if client["row_count"] > ROW_COUNT} == set(sources)
    return elapsed_seconds, sum(client["elapsed_seconds"] for client in report["clients"])
