"""Rows of `ops` that a night writes about itself. No decisions here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from psycopg2.extras import Json, execute_values

from driftline.errors import ConfigError, DriftlineError

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from driftline.catalogue import Entry
    from driftline.landing import Landed, Night
    from driftline.night import NightPlan
    from driftline.reconcile import Comparison, Proof
    from driftline.registry import Registry
    from driftline.sources import Reading
    from driftline.sources.base import Footprint


def clock(cursor: Cursor) -> datetime:
    """Ask the warehouse for the time: one clock for all machines that read."""
    cursor.execute("select clock_timestamp()")
    moment: datetime = (cursor.fetchone() or ())[0]
    return moment


def moment(seconds: int) -> datetime:
    """Give the moment that a cursor over RPC names, in seconds since 1970 UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def register_clients(cursor: Cursor, registry: Registry, *, now: datetime) -> None:
    """Make `ops.client` say what the registry says; clients that left it become inactive."""
    cursor.execute(
        "update ops.client set is_active = false where is_active and client_id <> all(%s)", (list(registry.clients),)
    )
    execute_values(
        cursor,
        "insert into ops.client (client_id, name, timezone, odoo_version, ticket_source, ticket_project_ids,"
        " onboarded_on, last_version_upgrade_on, is_active, registered_at, business_hours, stabilisation_until)"
        " values %s"
        " on conflict (client_id) do update set name = excluded.name, timezone = excluded.timezone,"
        " odoo_version = excluded.odoo_version, ticket_source = excluded.ticket_source,"
        " ticket_project_ids = excluded.ticket_project_ids, onboarded_on = excluded.onboarded_on,"
        " last_version_upgrade_on = excluded.last_version_upgrade_on, is_active = excluded.is_active,"
        " registered_at = excluded.registered_at, business_hours = excluded.business_hours,"
        " stabilisation_until = excluded.stabilisation_until",
        [
            (
                client.client_id,
                client.name,
                client.timezone,
                client.odoo_version,
                client.tickets.source,
                list(client.tickets.projects),
                client.onboarded_on,
                client.last_version_upgrade_on,
                client.is_active,
                now,
                Json(client.business_hours.as_rows()) if client.business_hours else None,
                client.stabilisation_until,
            )
            for client in registry.clients.values()
        ],
        template="(%s, %s, %s, %s, %s, %s::bigint[], %s, %s, %s, %s, %s, %s)",
    )


def open_night(cursor: Cursor, night: NightPlan, *, conf: Mapping[str, object], now: datetime, hours: float) -> None:
    """Open a night, or open it again (a task that is retried keeps the first moment); its cut-off comes in `hours`."""
    cursor.execute(
        "insert into ops.night"
        " (night_id, as_of_at, is_recomputation, client_ids, state, started_at, conf, kind, cutoff_at)"
        " values (%s, %s, %s, %s, 'running', %s, %s, %s, clock_timestamp() + make_interval(secs => %s))"
        " on conflict (night_id) do update set state = 'running', finished_at = null",
        (
            night.night_id,
            night.as_of_at,
            night.is_recomputation,
            night.client_ids,
            now,
            json.dumps(dict(conf)),
            night.kind,
            hours * 3600,
        ),
    )


@dataclass(frozen=True)
class PlannedNight:
    """What a reading must know of its night; `seconds_left` until the cut-off, by the warehouse's clock."""

    as_of_at: datetime
    is_recomputation: bool
    kind: str
    seconds_left: float


def planned_night(cursor: Cursor, night_id: str) -> PlannedNight:
    """Look up a night; raise ConfigError where it was never planned."""
    cursor.execute(
        "select as_of_at, is_recomputation, kind,"
        " extract(epoch from coalesce(cutoff_at, 'infinity') - clock_timestamp())::double precision"
        " from ops.night where night_id = %s",
        (night_id,),
    )
    row = cursor.fetchone()
    if row is None:
        raise ConfigError(f"night '{night_id}' was never planned.", hint="Plan it first: driftline run")
    return PlannedNight(*row)


def finish_night(cursor: Cursor, night_id: str) -> None:
    """Close the night and every client's run that never came to its end."""
    cursor.execute(
        "update ops.client_run set state = 'failed', finished_at = clock_timestamp(), error_class = 'Interrupted',"
        " error_message = 'the reading was cut off before it ended; nothing of it was kept'"
        " where night_id = %s and state = 'running'",
        (night_id,),
    )
    cursor.execute(
        "update ops.night set state = 'finished', finished_at = clock_timestamp() where night_id = %s", (night_id,)
    )


def start_client_run(cursor: Cursor, night: Night) -> None:
    """Say that a client is being read (again, when a task is retried)."""
    cursor.execute(
        "insert into ops.client_run (night_id, client_id, state, started_at) values (%s, %s, 'running', %s)"
        " on conflict (client_id, night_id) do update set state = 'running', started_at = excluded.started_at,"
        " finished_at = null, error_class = null, error_message = null",
        (night.night_id, night.client_id, night.read_at),
    )


def succeed_client_run(cursor: Cursor, night: Night, reading: Reading, *, landed: Landed) -> None:
    """Say that a client's night is whole; commits with its rows."""
    cursor.execute(
        "update ops.client_run set state = 'succeeded', finished_at = clock_timestamp(), read_at = %s,"
        " odoo_version = %s, odoo_build = %s, transport = %s, reader_user_id = %s, row_count = %s,"
        " byte_count = %s, call_count = %s, retry_count = %s, source_seconds = %s"
        " where night_id = %s and client_id = %s",
        (
            night.read_at,
            str(reading.version),
            reading.build,
            reading.transport,
            reading.reader_user_id,
            landed.rows_read,
            landed.byte_count,
            reading.footprint.calls,
            reading.footprint.retries,
            reading.footprint.seconds_waited,
            night.night_id,
            night.client_id,
        ),
    )


def fail_client_run(cursor: Cursor, night: Night, error: BaseException) -> None:
    """Say why a client's night came to nothing. Only our own errors are quoted: they hold no secrets and no values."""
    if isinstance(error, DriftlineError):
        message = str(error)
    else:
        message = f"unexpected {type(error).__name__}; the task's log has the details"
    cursor.execute(
        "update ops.client_run set state = 'failed', finished_at = clock_timestamp(), error_class = %s,"
        " error_message = %s where night_id = %s and client_id = %s",
        (type(error).__name__, message, night.night_id, night.client_id),
    )


def record_extracts(cursor: Cursor, night: Night, models: Sequence[Recorded]) -> None:
    """Record how each model was read, and what that cost the client's server."""
    cursor.execute(
        "delete from ops.extract_run where client_id = %s and night_id = %s", (night.client_id, night.night_id)
    )
    _insert(
        cursor,
        "insert into ops.extract_run (night_id, client_id, model, mode, reason, rows_read, rows_inserted, rows_updated,"
        " rows_tombstoned, buckets_repaired, byte_count, elapsed_seconds, call_count, retry_count, source_seconds,"
        " source_byte_count) values %s",
        [
            (
                night.night_id,
                night.client_id,
                each.entry.model,
                each.mode,
                each.reason,
                each.landed.rows_read,
                each.landed.rows_inserted,
                each.landed.rows_updated,
                each.landed.rows_tombstoned,
                each.proof.buckets_repaired,
                each.landed.byte_count,
                each.seconds,
                each.footprint.calls,
                each.footprint.retries,
                each.footprint.seconds_waited,
                each.footprint.bytes_received or each.landed.byte_count,
            )
            for each in models
        ],
    )


def record_comparison(cursor: Cursor, entry: Entry, night: Night, comparison: Comparison, *, seconds: float) -> None:
    """Record what came of comparing every value of a model."""
    cursor.execute(
        "insert into ops.reconciliation (night_id, client_id, model, method, row_count, repaired_count, verdict,"
        " elapsed_seconds, checked_at) values (%s, %s, %s, %s, %s, %s, %s, %s, clock_timestamp())"
        " on conflict (client_id, night_id, model) do update set method = excluded.method,"
        " row_count = excluded.row_count, repaired_count = excluded.repaired_count, verdict = excluded.verdict,"
        " elapsed_seconds = excluded.elapsed_seconds, checked_at = excluded.checked_at",
        (
            night.night_id,
            night.client_id,
            entry.model,
            comparison.method,
            comparison.row_count,
            comparison.repaired_count,
            comparison.verdict,
            seconds,
        ),
    )


def record_completeness(cursor: Cursor, night: Night, models: Sequence[Recorded]) -> None:
    """Record the proof of each model."""
    checked_at = clock(cursor)
    _insert(
        cursor,
        "insert into ops.completeness (night_id, client_id, model, source_count, warehouse_count, tombstone_count,"
        " held_count, method, verdict, checked_at) values %s"
        " on conflict (client_id, night_id, model) do update set source_count = excluded.source_count,"
        " warehouse_count = excluded.warehouse_count, tombstone_count = excluded.tombstone_count,"
        " held_count = excluded.held_count,"
        " method = excluded.method, verdict = excluded.verdict, checked_at = excluded.checked_at",
        [
            (
                night.night_id,
                night.client_id,
                each.entry.model,
                each.proof.source_count,
                each.proof.warehouse_count,
                each.proof.tombstone_count,
                each.proof.held_count,
                each.proof.method,
                each.proof.verdict,
                checked_at,
            )
            for each in models
        ],
    )


def record_coverage(cursor: Cursor, entries: Iterable[Entry], reading: Reading, night: Night) -> None:
    """Record for each field of each model whether this client's Odoo can answer it."""
    rows = []
    for entry in entries:
        missing = reading.shape(entry).missing
        rows += [
            (
                night.client_id,
                entry.model,
                name,
                name not in missing,
                missing.get(name, ""),
                str(reading.version),
                night.read_at,
            )
            for name in entry.all_fields
        ]
    _insert(
        cursor,
        "insert into ops.field_coverage (client_id, model, field, is_present, reason, odoo_version, checked_at)"
        " values %s"
        " on conflict (client_id, model, field) do update set is_present = excluded.is_present,"
        " reason = excluded.reason, odoo_version = excluded.odoo_version, checked_at = excluded.checked_at",
        rows,
    )


@dataclass(frozen=True)
class Recorded:
    """What is remembered of one model's reading."""

    entry: Entry
    mode: str
    reason: str
    landed: Landed
    proof: Proof
    seconds: float
    footprint: Footprint


def _insert(cursor: Cursor, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    if rows:
        execute_values(cursor, statement, rows, page_size=len(rows))
