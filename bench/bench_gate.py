"""The gate over many clients' candidates against the same rules as plain SQL, and publication of a thousand clients.

Candidates are made by SQL, as the tests make them, and widened to about 240,000 rows. The import of Great Expectations
is paid once before anything is measured.
"""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg2
from driftline import publish, quality
from driftline.migrate import migrate
from driftline.quality.suites import ROW_RULE, Expectation, Suite, load_suites
from driftline.settings import Settings

from bench.figures import Figure
from demo.postgres import EmbeddedPostgres
from tests.quality import candidates

REPOSITORY = Path(__file__).resolve().parents[1]
ROWS = 240_000
ROUNDS = 3
RATIO_LIMIT, SECONDS_PER_100_LIMIT, GROWTH_LIMIT, PUBLICATION_LIMIT_SECONDS = 5.0, 5.0, 1.5, 30.0


@dataclass(frozen=True)
class _Warehouse:
    url: str
    settings: Settings

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(self.url)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(query, parameters or None)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


def measure() -> Iterator[Figure]:
    folder = REPOSITORY / "build" / "bench-postgres"
    server = EmbeddedPostgres(folder, settings={"shared_buffers": "1GB", "max_wal_size": "8GB"}).start()
    try:
        seconds = {}
        for client_count in (10, 100, 1000):
            warehouse = _planted(server, client_count)
            seconds[client_count] = _gate_seconds(warehouse)
            if client_count == 100:
                yield from _against_sql(warehouse, seconds[client_count])
        yield Figure(
            "gate.growth_10_to_1000_clients", seconds[1000], "s", vs="gate of 10 clients, the same rows",
            ratio=seconds[1000] / seconds[10], limit=GROWTH_LIMIT,
        )  # fmt: skip
        yield from _publication(warehouse, 1000)
    finally:
        server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


def _planted(server: EmbeddedPostgres, client_count: int) -> _Warehouse:
    name = f"gate_{client_count}"
    connection = psycopg2.connect(server.url())
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"create database {name}")
    connection.close()
    settings = Settings(
        home=REPOSITORY, clients_file=REPOSITORY / "demo" / "clients.yml", build_folder=REPOSITORY / "build",
        warehouse_url=server.url(name), hash_salt="salt of the benchmarks",
    )  # fmt: skip
    migrate(settings)
    warehouse = _Warehouse(server.url(name), settings)
    candidates.make_tables(warehouse)  # type: ignore[arg-type]
    candidates.fill(warehouse, [f"client_{number:04d}" for number in range(client_count)])  # type: ignore[arg-type]
    each = (ROWS - _row_count(warehouse)) // 2 // client_count
    columns = "odoo_user_id + n, 'u' || n, 'share', true, 0, '{}', null, 'none', as_of_at"
    for table in ("access.user", "review_candidate.access_user"):
        more = ", build_id" if "candidate" in table else ""
        warehouse.rows(
            f"insert into {table} select client_id, quarter, {columns}{more} from {table},"
            f" generate_series(1, {max(each, 0)}) n where odoo_user_id = 9"
        )
    warehouse.rows("analyze")
    return warehouse


def _row_count(warehouse: _Warehouse) -> int:
    schemas = "'drift', 'tickets', 'access', 'snapshots', 'review_candidate', 'quality'"
    query = f"select schemaname, tablename from pg_tables where schemaname in ({schemas})"
    return sum(
        int(warehouse.rows(f'select count(*) from "{schema}"."{table}"')[0][0])
        for schema, table in warehouse.rows(query)
    )


def _gate_seconds(warehouse: _Warehouse) -> float:
    quality.check(warehouse.settings, build_id=candidates.BUILD_ID, now=candidates.NOW)
    taken = []
    for _ in range(ROUNDS):
        report = quality.check(warehouse.settings, build_id=candidates.BUILD_ID, now=candidates.NOW)
        if report.closed_clients:
            raise RuntimeError(f"the candidates do not pass: {dict(report.closed_clients)}")
        taken.append(report.elapsed_seconds)
    return statistics.median(taken)


def _against_sql(warehouse: _Warehouse, gate_seconds: float) -> Iterator[Figure]:
    suites = load_suites(warehouse.settings.expectations_folder)
    count = sum(len(suite.expectations) for suite in suites)
    queries = [_plain(suite, expectation) for suite in suites for expectation in suite.expectations]
    taken = []
    for _ in range(ROUNDS):
        connection = psycopg2.connect(warehouse.url)
        with connection.cursor() as cursor:
            cursor.execute("select set_config('driftline.build_id', %s, false)", (candidates.BUILD_ID,))
            started = time.monotonic()
            for query in queries:
                cursor.execute(query)
                if (found := cursor.fetchone()) != (0,):
                    raise RuntimeError(f"plain SQL says {found}: {query}")
            taken.append(time.monotonic() - started)
        connection.close()
    plain_seconds = statistics.median(taken)
    yield Figure("gate.plain_sql", plain_seconds, "s", note=f"{count} rules over {ROWS:,} rows of 100 clients")
    yield Figure("gate.all_suites", gate_seconds, "s", vs="gate.plain_sql", ratio=gate_seconds / plain_seconds,
                 limit=RATIO_LIMIT, note="stored and decided, too")  # fmt: skip
    yield Figure("gate.per_100_expectations", gate_seconds * 100 / count, "s", limit=SECONDS_PER_100_LIMIT)


def _plain(suite: Suite, expectation: Expectation) -> str:
    """Write a rule as one statement that counts what fails."""
    arguments, table = expectation.kwargs, suite.table
    if expectation.type == ROW_RULE:
        return f"select count(*) from ({expectation.query.replace('{batch}', table)}) as failing"
    if expectation.type == "expect_table_row_count_to_be_between":
        return f"select (count(*) < {arguments['min_value']})::integer from {table}"
    if expectation.type == "expect_table_columns_to_match_set":
        names = ", ".join(f"'{name}'" for name in arguments["column_set"])
        return (
            f"select count(*) from pg_attribute where attrelid = '{table}'::regclass and attnum > 0"
            f" and attname not in ({names})"
        )
    column = arguments["column"]
    if expectation.type == "expect_column_values_to_be_in_set":
        values = ", ".join(f"'{value}'" for value in arguments["value_set"])
        return f"select count(*) from {table} where {column} not in ({values})"
    if expectation.type == "expect_column_values_to_not_be_null":
        return f"select count(*) from {table} where {column} is null"
    if expectation.type == "expect_column_values_to_be_between":
        bounds = [f"{column} < {arguments['min_value']}"] if "min_value" in arguments else []
        bounds += [f"{column} > {arguments['max_value']}"] if "max_value" in arguments else []
        return f"select count(*) from {table} where {' or '.join(bounds)}"
    raise RuntimeError(f"{expectation.where}: {expectation.type} is not known here in plain SQL.")


def _publication(warehouse: _Warehouse, client_count: int) -> Iterator[Figure]:
    first = publish.publish(warehouse.settings, build_id=candidates.BUILD_ID, now=candidates.NOW)
    again = publish.publish(warehouse.settings, build_id=candidates.BUILD_ID, now=candidates.NOW + timedelta(hours=1))
    if len(first.published_client_ids) != client_count or again.row_counts != first.row_counts:
        raise RuntimeError("not every client was published")
    for name, report in (("first", first), ("replacing", again)):
        yield Figure(
            f"publish.{client_count}_clients_{name}", report.elapsed_seconds, "s", limit=PUBLICATION_LIMIT_SECONDS,
            note=f"{sum(report.row_counts.values()):,} rows",
        )  # fmt: skip
