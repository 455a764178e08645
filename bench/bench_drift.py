"""A night's build over many clients' configuration: one with 0.1 % changed against one with nothing changed.

Every client has 20,000 configuration rows; the first build takes their history and is given as what it costs once. The
rows are made in the warehouse by SQL: reading them is another benchmark's subject.
"""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2
from driftline import transform
from driftline.catalogue import load_catalogue
from driftline.migrate import migrate
from driftline.settings import Settings

from bench.figures import Figure
from bench.nights import write_night
from demo.postgres import EmbeddedPostgres

REPOSITORY = Path(__file__).resolve().parents[1]
ROWS_PER_CLIENT = 20_000
ROUNDS = 3
CHANGED_LIMIT_RATIO = 1.5
FIRST_NIGHT = datetime(2026, 11, 1, 2, tzinfo=UTC)

# Rows per client and table, and how a row is made of its number n; about what a grown Odoo has.
_STAMPS = "1, %(read_at)s::timestamptz - interval '90 days', 1, %(read_at)s::timestamptz - interval '90 days'"
_STAMP_NAMES = "create_uid, create_date, write_uid, write_date"
_TABLES = {
    "ir_ui_view": (8_000, "id, name, model, arch_md5", "n, 'view ' || n, 'res.partner', md5(n::text)"),
    "ir_model_access": (5_000, "id, name, active, model_id, group_id", "n, 'access ' || n, true, n %% 900 + 1, 1"),
    "ir_config_parameter": (400, "id, key, value", "n, 'key.' || n, md5(n::text)"),
    "ir_rule": (900, "id, name, active, model_id", "n, 'rule ' || n, true, n %% 900 + 1"),
    "ir_cron": (200, "id, cron_name, active, interval_number", "n, 'job ' || n, true, 1"),
    "account_account": (1_500, "id, code, name", "n, (100000 + n)::text, 'account ' || n"),
    "res_users": (1_000, "id, login, active", "n + 1, 'user' || n, true"),
}  # fmt: skip
_MEMBERSHIPS = 3_000


def measure(client_counts: tuple[int, int] = (10, 100)) -> Iterator[Figure]:
    assert sum(count for count, _, _ in _TABLES.values()) + _MEMBERSHIPS == ROWS_PER_CLIENT
    folder = REPOSITORY / "build" / "bench-postgres"
    server = EmbeddedPostgres(folder, settings={"shared_buffers": "1GB", "max_wal_size": "8GB"}).start()
    try:
        changed_seconds = []
        for count in client_counts:
            figures, seconds = _measure(server, count)
            changed_seconds.append(seconds)
            yield from figures
        few, many = client_counts
        yield Figure(
            f"drift.growth_{few}_to_{many}_clients", changed_seconds[1], "s", vs=f"drift.changed_night_{few}",
            ratio=changed_seconds[1] / changed_seconds[0], limit=many / few,
            note="a changed night's build; at most linear",
        )  # fmt: skip
    finally:
        server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


def _measure(server: EmbeddedPostgres, client_count: int) -> tuple[list[Figure], float]:
    settings = new_warehouse(server, f"drift_{client_count}")
    connection = psycopg2.connect(settings.warehouse_url, options="-c TimeZone=UTC")
    connection.autocommit = True
    cursor = connection.cursor()
    _plant(cursor, client_count)
    first = _build(settings, cursor, 1)
    quiet, changed = [], []
    for number in range(ROUNDS):
        quiet.append(_build(settings, cursor, 2 * number + 2))
        _change(cursor, 2 * number + 3)
        changed.append(_build(settings, cursor, 2 * number + 3))
    cursor.execute("select count(*) from drift.config_change")
    found = cursor.fetchone()[0]
    cursor.execute("select count(*) from snapshots.configuration where dbt_valid_to is null and record_id > 0")
    kept = cursor.fetchone()[0]
    connection.close()
    per_night = ROWS_PER_CLIENT // 1000 * client_count
    assert (found, kept) == (per_night * ROUNDS, ROWS_PER_CLIENT * client_count)
    middle, moved = statistics.median(quiet), statistics.median(changed)
    note = f"{client_count} clients x {ROWS_PER_CLIENT} rows, median of {ROUNDS}, the whole dbt build"
    return [
        Figure(f"drift.first_build_{client_count}", first, "s", note="takes the history of everything, once"),
        Figure(f"drift.quiet_night_{client_count}", middle, "s", note=note),
        Figure(
            f"drift.changed_night_{client_count}", moved, "s", vs=f"drift.quiet_night_{client_count}",
            ratio=moved / middle, limit=CHANGED_LIMIT_RATIO, note=f"0.1 % of rows, {per_night} findings a night",
        ),
    ], moved  # fmt: skip


def new_warehouse(server: EmbeddedPostgres, name: str) -> Settings:
    connection = psycopg2.connect(server.url())
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"create database {name}")
    connection.close()
    settings = Settings.from_environment(
        {
            "DRIFTLINE_WAREHOUSE_URL": server.url(name),
            "DRIFTLINE_HASH_SALT": "bench",
            "DRIFTLINE_BUILD_DIR": str(REPOSITORY / "build" / "bench-dbt"),
        }
    )
    migrate(settings)
    return settings


def _plant(cursor, client_count: int) -> None:
    read_at = FIRST_NIGHT + timedelta(minutes=20)
    clients = "(select 'client_' || c as client_id from generate_series(1, %(clients)s) c) as client"
    parameters = {"read_at": read_at, "clients": client_count}
    cursor.execute(
        "insert into ops.client (client_id, name, timezone, ticket_source, is_active, registered_at)"
        f" select client_id, client_id, 'UTC', 'helpdesk', true, %(read_at)s from {clients}",
        parameters,
    )
    for table, (count, names, values) in _TABLES.items():
        cursor.execute(
            f"insert into raw.{table} (client_id, {names}, {_STAMP_NAMES}, _row_version, _read_at, _night_id)"
            f" select client_id, {values}, {_STAMPS}, 3, %(read_at)s, 'night 1'"
            f" from {clients}, generate_series(1, {count}) n",
            parameters,
        )
    cursor.execute(
        "insert into raw.res_groups_users_rel (client_id, uid, gid, _row_version, _read_at, _night_id)"
        " select client_id, n %% 1000 + 2, n / 1000 + 1, 3, %(read_at)s, 'night 1'"
        f" from {clients}, generate_series(0, {_MEMBERSHIPS - 1}) n",
        parameters,
    )
    cursor.execute(
        "insert into ops.watermark"
        " (client_id, model, position, source_identity, shape_hash, entry_hash, read_at, night_id)"
        f" select client_id, model, '{{}}', '{{}}', '', '', %(read_at)s, 'night 1' from {clients},"
        " unnest(%(models)s) model",
        {**parameters, "models": [entry.model for entry in load_catalogue() if entry.configuration]},
    )


def _change(cursor, number: int) -> None:
    """Let somebody change every thousandth row, as a reading leaves it."""
    read_at = FIRST_NIGHT + timedelta(days=number - 1, minutes=20)
    changed = {
        "ir_ui_view": ("arch_md5", 8), "ir_model_access": ("name", 8), "account_account": ("code", 4),
    }  # fmt: skip
    for table, (column, count) in changed.items():
        cursor.execute(
            f"update raw.{table} set {column} = {column} || 'x', write_uid = 2, write_date = %s, _read_at = %s"
            f" where id > %s and id <= %s",
            (read_at, read_at, 10 * number, 10 * number + count),
        )


def _build(settings: Settings, cursor, number: int) -> float:
    as_of_at = FIRST_NIGHT + timedelta(days=number - 1)
    write_night(cursor, f"night {number}", as_of_at)
    started = time.monotonic()
    transform.build(
        settings, night_id=f"night {number}", as_of_at=None, quarter=None, now=as_of_at + timedelta(hours=1)
    )
    return time.monotonic() - started
