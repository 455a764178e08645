"""Entitlements of many clients: how long they take to build, the room they need, and how fast a question is answered.

Every client has 500 users in 150 groups that imply one another, hardly two users with the same groups, and 900 models
with three access rows each; every second client is on 19.0, where the closure counts. The rows are made by SQL.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
from driftline import transform, transform_register
from driftline.settings import Settings

from bench.bench_drift import new_warehouse
from bench.figures import Figure
from bench.nights import write_night
from demo.postgres import EmbeddedPostgres

REPOSITORY = Path(__file__).resolve().parents[1]
USERS, GROUPS, MODELS, GROUPS_PER_USER, ROWS_PER_MODEL, RULES = 500, 150, 900, 40, 3, 300
FIRST_NIGHT = datetime(2026, 11, 1, 2, tzinfo=UTC)
BUILD_LIMIT_SECONDS, DISK_LIMIT_GB, QUIET_LIMIT_SECONDS, QUESTION_LIMIT_SECONDS = 120, 2, 10, 1

# Per client c; n counts rows. Columns, values, rows a client.
_TABLES = {
    "ir_module_module": (
        "id, name, state, latest_version",
        "n, 'base', 'installed', case when c % 2 = 0 then '19.0.1.3' else '17.0.1.3' end", 1,
    ),
    "res_users": ("id, login, active, share", "n + 1, 'user' || n, true, false", USERS),
    "res_groups": ("id, name, share", "n, 'Group ' || n, false", GROUPS),
    "ir_model": ("id, model", "n, case n when 1 then 'account.payment' else 'model.' || n end", MODELS),
    "ir_model_access": (
        "id, name, active, model_id, group_id, perm_read, perm_write, perm_create, perm_unlink",
        f"n, 'row ' || n, true, n % {MODELS} + 1, n * 7 % {GROUPS} + 1, true, n % 2 = 0, n % 3 = 0, n % 4 = 0",
        MODELS * ROWS_PER_MODEL,
    ),
    "ir_rule": (
        "id, name, active, model_id, global, perm_read, perm_write, perm_create, perm_unlink",
        f"n, 'rule ' || n, true, n % {MODELS} + 1, n % 2 = 0, true, true, true, true", RULES,
    ),
    "rule_group_rel": ("rule_group_id, group_id", f"n * 2 - 1, n % {GROUPS} + 1", RULES // 2),
    # Numbers that share no factor with the count of groups: every user gets different ones.
    "res_groups_users_rel": (
        "uid, gid",
        f"(n / {GROUPS_PER_USER}) + 2, (n % {GROUPS_PER_USER} * (1 + n / {GROUPS_PER_USER} % 7 * 2)"
        f" + n / {GROUPS_PER_USER} / 7 * 11) % {GROUPS} + 1",
        USERS * GROUPS_PER_USER,
    ),
    "res_groups_implied_rel": (
        "gid, hid",
        f"(n - 1) % {GROUPS // 2} + 2, greatest(1, ((n - 1) % {GROUPS // 2} + 2) / (2 + (n - 1) / {GROUPS // 2}))",
        GROUPS,
    ),
}  # fmt: skip


def measure(client_count: int = 100) -> Iterator[Figure]:
    folder = REPOSITORY / "build" / "bench-postgres"
    server = EmbeddedPostgres(folder, settings={"shared_buffers": "1GB", "max_wal_size": "8GB"}).start()
    try:
        yield from _measure(new_warehouse(server, "access"), client_count)
    finally:
        server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


def _measure(settings: Settings, client_count: int) -> Iterator[Figure]:
    connection = psycopg2.connect(settings.warehouse_url, options="-c TimeZone=UTC")
    connection.autocommit = True
    cursor = connection.cursor()
    _plant(cursor, client_count)
    size = f"{client_count} clients x {USERS} users x {GROUPS} groups x {MODELS} models"
    first, _ = _build(settings, cursor, 1)
    yield Figure(
        "access.first_build", first, "s", limit=BUILD_LIMIT_SECONDS,
        note=f"{size}; with all that entitlements rest on, its history and tests",
    )  # fmt: skip
    quiet, of_sets = _build(settings, cursor, 2)
    yield Figure("access.quiet_night", quiet, "s", vs="access.first_build", ratio=quiet / first, note="nothing changed")
    yield Figure(
        "access.quiet_night_tables", of_sets, "s", limit=QUIET_LIMIT_SECONDS, note="of it, the tables of access alone"
    )
    cursor.execute(
        "select sum(pg_total_relation_size(oid)) / 1e9 from pg_class"
        " where relnamespace = 'staging'::regnamespace and relname like 'int_access%%' and relkind = 'r'"
    )
    yield Figure("access.disk", float(cursor.fetchone()[0]), "GB", limit=DISK_LIMIT_GB, note="tables and indexes")
    for name, condition, note in (
        ("who_may", "model = 'account.payment' and operation = 'write'", "who may write payments"),
        ("what_may", "odoo_user_id = 77", "all that one user may do"),
        ("may_user", "odoo_user_id = 77 and model = 'account.payment'", "one user, one model"),
    ):
        seconds, count = _ask(cursor, f"client_id = 'client_2' and {condition}")
        assert count > 0, name
        yield Figure(
            f"access.question_{name}", seconds, "s", limit=QUESTION_LIMIT_SECONDS, note=f"{note}: {count} rows"
        )
    connection.close()


def _ask(cursor: Any, condition: str) -> tuple[float, int]:
    started = time.monotonic()
    cursor.execute(f"select * from access.entitlement where {condition}")
    return time.monotonic() - started, len(cursor.fetchall())


def _plant(cursor: Any, client_count: int) -> None:
    read_at = FIRST_NIGHT + timedelta(minutes=20)
    cursor.execute(
        "insert into ops.client (client_id, name, timezone, ticket_source, is_active, registered_at)"
        " select 'client_' || c, 'Client', 'UTC', 'helpdesk', true, %s from generate_series(1, %s) c",
        (read_at, client_count),
    )
    for table, (names, values, count) in _TABLES.items():
        first = 0 if table == "res_groups_users_rel" else 1
        cursor.execute(
            f"insert into raw.{table} (client_id, {names}, _row_version, _read_at, _night_id)"
            f" select 'client_' || c, {values}, 3, '{read_at.isoformat()}', 'night 1'"
            f" from generate_series(1, {client_count}) c, generate_series({first}, {first + count - 1}) n"
            " on conflict do nothing"
        )
        cursor.execute(f"analyze raw.{table}")
    cursor.execute("select count(*), count(distinct uid) from raw.res_groups_users_rel where client_id = 'client_1'")
    memberships, users = cursor.fetchone()
    assert users == USERS
    assert memberships > USERS * GROUPS_PER_USER * 0.7


def _build(settings: Settings, cursor: Any, number: int) -> tuple[float, float]:
    """Build what entitlements rest on; return seconds in all, and those spent in the tables of access alone."""
    as_of_at = FIRST_NIGHT + timedelta(days=number - 1)
    write_night(cursor, f"night {number}", as_of_at)
    registered = transform_register.register(
        settings, night_id=f"night {number}", as_of_at=None, quarter=None, now=as_of_at + timedelta(hours=1)
    )
    command = ["build", "--select", "+access_entitlement", "--exclude-resource-type", "unit_test"]
    started = time.monotonic()
    result = transform.run_dbt(settings, [*command, "--indirect-selection", "cautious"], variables=registered.variables)
    seconds = time.monotonic() - started
    assert result.success, [item.message for item in result.result.results if item.status in ("error", "fail")]
    transform_register.finish(settings, registered.build_id, error_message=None)
    of_sets = sum(
        item.execution_time for item in result.result.results
        if item.node.name.startswith(("int_access", "access_")) and item.node.resource_type == "model"
    )  # fmt: skip
    return seconds, of_sets
