"""Many tiny clients through the nightly DAG's mapped task, and the same readings by command line: Airflow's own cost.

Both with two workers, both a first reading of every client into an empty warehouse. `BENCH_MAPPED_CLIENTS=1000` takes
as many clients as a night maps one by one; the default is enough to know the cost of one.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
import yaml
from psycopg2 import sql

from bench.figures import Figure
from demo.airflow_api import Run
from demo.databases import OWNER, client_database
from demo.odoo.database import administer, transaction
from demo.postgres import free_port
from demo.stack import REPOSITORY, SCRIPTS, Ports, Stack

CLIENT_COUNT = 60
WORKERS = 2
_SAMPLE = 60  # by command line a client costs the same however many there are
# The demo's smallest client, less its largest tables: what is left is what any client costs.
_TEMPLATE = "delta"
_EMPTIED = ("mail_message", "mail_tracking_value", "ir_model_data", "ir_model_fields", "helpdesk_ticket")
_ALONE = "warehouse_alone"
_SECONDS_PER_CLIENT = 30


class ManyClients(Stack):
    """A stack whose clients all are the same tiny database."""

    def __init__(self, folder: Path, client_count: int) -> None:
        super().__init__(folder, Ports(postgres=None, airflow=free_port(), inbox=free_port(), odoo={}))
        self.client_ids = [f"client_{number:04d}" for number in range(client_count)]
        self.clients_file = self.state / "clients.yml"

    def client_address(self, client_id: str) -> str:  # noqa: ARG002  every client's is the same
        return self.databases.client_url(_TEMPLATE)

    def _create_clients(self, anchor_at: datetime) -> None:
        self.databases.create_client(_TEMPLATE, anchor_at=anchor_at)
        with transaction(self.databases.admin_url(client_database(_TEMPLATE))) as connection:
            tables = sql.SQL(", ").join(map(sql.Identifier, _EMPTIED))
            connection.cursor().execute(sql.SQL("truncate {}").format(tables))
        _write_registry(self.clients_file, self.client_ids)

    def environment(self) -> dict[str, str]:
        return super().environment() | {"AIRFLOW__CORE__PARALLELISM": str(WORKERS)}


def _write_registry(file: Path, client_ids: Sequence[str]) -> None:
    entry = {"name": "Tiny", "transport": "postgres", "timezone": "UTC", "tickets": {"source": "helpdesk"}}
    registry = {
        "defaults": {"limits": {"readings_per_host": 2 * WORKERS}},
        "clients": {client_id: dict(entry) for client_id in client_ids},
    }
    file.write_text(yaml.safe_dump(registry))


def measure(client_count: int | None = None) -> Iterator[Figure]:
    count = client_count or int(os.environ.get("BENCH_MAPPED_CLIENTS", CLIENT_COUNT))
    stack = ManyClients(REPOSITORY / "build" / "bench-mapped", count)
    stack.remove()
    try:
        stack.create(anchor_at=datetime.now(UTC))
        alone_seconds, row_count = _read_by_command_line(stack)
        stack.start()
        through_seconds, reading_seconds = _read_through_airflow(stack)
    finally:
        stack.remove()
    note = f"clients of {row_count} rows, first reading, {WORKERS} workers"
    yield Figure(
        "mapped_clients.command_line", alone_seconds, "s per client",
        note=f"driftline extract: {min(count, _SAMPLE)} {note}",
    )  # fmt: skip
    yield Figure(
        "mapped_clients.airflow", through_seconds, "s per client", vs="mapped_clients.command_line",
        ratio=through_seconds / alone_seconds,
        note=f"DAG nightly, a task each, LocalExecutor: {count} {note}; {reading_seconds:.2f} s of a task is reading",
    )  # fmt: skip
    yield Figure(
        "mapped_clients.airflow_share", 100 * (1 - alone_seconds / through_seconds), "%",
        note="of a client's time, what starting, supervising and scheduling its task costs",
    )  # fmt: skip


def _read_by_command_line(stack: ManyClients) -> tuple[float, int]:
    """Read clients into a warehouse of their own; give seconds per client, and rows per client."""
    administer(stack.databases.admin_url(), "create database {} owner {}", _ALONE, OWNER)
    environment = stack.environment()
    for name in ("DRIFTLINE_WAREHOUSE_URL", "AIRFLOW_CONN_DRIFTLINE_WAREHOUSE"):
        environment[name] = stack.databases.owner_url(_ALONE)
    sample = stack.client_ids[:_SAMPLE]
    file = stack.state / "sample.yml"
    _write_registry(file, sample)
    environment["DRIFTLINE_CLIENTS_FILE"] = str(file)
    program = str(SCRIPTS / "driftline")
    subprocess.run([program, "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)
    started = time.monotonic()
    read = subprocess.run(
        [program, "extract", "--workers", str(WORKERS), "--json"], env=environment, check=True, stdout=subprocess.PIPE
    )
    elapsed_seconds = time.monotonic() - started
    reports = json.loads(read.stdout)["clients"]
    assert len(reports) == len(sample)
    return elapsed_seconds / len(reports), reports[0]["row_count"]


def _read_through_airflow(stack: ManyClients) -> tuple[float, float]:
    """Read all clients in a night; give seconds per client in all, and of the reading inside the tasks."""
    count = len(stack.client_ids)
    run_id = stack.api.trigger("nightly")
    deadline = time.monotonic() + 120 + _SECONDS_PER_CLIENT * count
    while (done := _finished(stack, run_id)) < count:
        stack.processes.require_alive()
        if time.monotonic() > deadline:
            raise TimeoutError(f"only {done} of {count} clients were read")
        time.sleep(1)
    # The last task ends a moment after its reading.
    run = _run_when_read(stack, run_id)
    tasks = [task for task in run.tasks if task.task_id == "read_client"]
    assert len(tasks) == count
    assert {task.state for task in tasks} == {"success"}
    began, ended = _window(stack, run_id)
    return (ended - began).total_seconds() / count, _reading_seconds(stack, run_id)


def _run_when_read(stack: ManyClients, run_id: str) -> Run:
    while True:
        run = stack.api.run("nightly", run_id)
        if all(task.state in ("success", "failed") for task in run.tasks if task.task_id == "read_client"):
            return run
        time.sleep(0.5)


def _finished(stack: ManyClients, run_id: str) -> int:
    query = "select count(*) from ops.client_run where night_id = %s and state in ('succeeded', 'failed')"
    return int(_ask(stack.databases.admin_url("warehouse"), query, run_id)[0])


def _reading_seconds(stack: ManyClients, run_id: str) -> float:
    query = (
        "select avg(extract(epoch from finished_at - started_at)) from ops.client_run"
        " where night_id = %s and state = 'succeeded'"
    )
    return float(_ask(stack.databases.admin_url("warehouse"), query, run_id)[0])


def _window(stack: ManyClients, run_id: str) -> tuple[datetime, datetime]:
    """Give when the plan was there, and when the last task had ended."""
    query = (
        "select max(end_date) filter (where task_id = 'plan'), max(end_date) filter (where task_id = 'read_client')"
        " from task_instance where run_id = %s"
    )
    began, ended = _ask(stack.databases.admin_url("airflow"), query, run_id)
    return began, ended


def _ask(url: str, query: str, *parameters: object) -> tuple:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchone() or ()
