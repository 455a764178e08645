"""Bring one client's rows into `raw`: stage, merge, tombstone, move the watermark; all in the caller's transaction.

What is read and why in full is decided here (`choose_scope`); whether it arrived is proven in `reconcile`. What was
deleted is known from row versions on the direct path (`reconcile`), and from lists of keys over RPC (`keys`).
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, BinaryIO

import psycopg2
from psycopg2 import sql
from psycopg2.extras import execute_values

from driftline.catalogue import Entry
from driftline.errors import SourceShapeError
from driftline.migrate import raw_columns
from driftline.sources import Cursor, Everything, Reading, Scope, Since
from driftline.sources.base import BUCKET_SIZE
from driftline.watching import Watch, unwatched

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as DatabaseCursor

_BUFFER_BYTES = 1 << 20
_WORTH_ANALYSING_ROWS = 10_000


@dataclass(frozen=True)
class Night:
    """Whose rows, of which night, as of when. `as_of_at` also dates tombstones; `read_at` is the snapshot's moment."""

    client_id: str
    night_id: str
    as_of_at: datetime
    read_at: datetime


@dataclass(frozen=True)
class Choice:
    """How a model is read tonight and why; `is_first` rows go straight into the keyed table."""

    scope: Scope
    reason: str
    is_first: bool = False

    @property
    def mode(self) -> str:
        return "incremental" if isinstance(self.scope, Since) else "full"


@dataclass
class Landed:
    """What happened to a model's rows."""

    rows_read: int = 0
    rows_inserted: int = 0
    rows_updated: int = 0
    rows_tombstoned: int = 0
    byte_count: int = 0

    def add(self, other: Landed) -> None:
        self.rows_read += other.rows_read
        self.rows_inserted += other.rows_inserted
        self.rows_updated += other.rows_updated
        self.rows_tombstoned += other.rows_tombstoned
        self.byte_count += other.byte_count


def read_cursors(cursor: DatabaseCursor, client_id: str) -> dict[str, Cursor]:
    """Look up where the next reading of each model goes on."""
    cursor.execute(
        "select model, position, source_identity, shape_hash, entry_hash, coalesce(full_read_at, read_at)"
        " from ops.watermark where client_id = %s",
        (client_id,),
    )
    return {model: Cursor(*values) for model, *values in cursor.fetchall()}


def held_models(cursor: DatabaseCursor, entries: Sequence[Entry], client_id: str) -> frozenset[str]:
    """Find out of which of these models `raw` holds rows of the client, deleted or not."""
    if not entries:
        return frozenset()
    cursor.execute(
        sql.SQL(" union all ").join(
            sql.SQL("select {model}::text where exists (select from raw.{table} where client_id = {client})").format(
                model=sql.Literal(entry.model), table=sql.Identifier(entry.table), client=sql.Literal(client_id)
            )
            for entry in entries
        )
    )
    return frozenset(model for (model,) in cursor.fetchall())


def choose_scope(
    entry: Entry, reading: Reading, *, known: Cursor | None, is_held: bool, forced: str | None = None
) -> Choice:
    """Decide between everything and only what changed; anything that could hide a change forces everything.

    `is_held` says whether `raw` has rows of the model already.
    """
    if known is None:
        return Choice(Everything(), "first reading", is_first=not is_held)
    reason = reading.cursor_problem(entry, known) or forced or reading.full_reason(entry, known)
    if reason:
        return Choice(Everything(), reason)
    return Choice(Since(known.position), "changes since the last reading")


def stage(
    cursor: DatabaseCursor, entry: Entry, reading: Reading, choice: Choice, night: Night, watch: Watch = unwatched
) -> Landed:
    """Copy the chosen rows next to `raw` (a first reading: into it), out of sight until the caller commits."""
    if choice.is_first and reading.has_no_rows(entry):
        return Landed()
    if choice.is_first:
        return _copy_into_raw(cursor, entry, reading, night, watch)
    return fill_stage(cursor, entry, reading, choice.scope, watch)


def fill_stage(
    cursor: DatabaseCursor, entry: Entry, reading: Reading, scope: Scope, watch: Watch = unwatched
) -> Landed:
    """Make the stage table, or empty it, and copy the rows of a scope into it."""
    _create_stage(cursor, entry)
    landed = add_to_stage(cursor, entry, reading, scope, watch)
    if landed.rows_read >= _WORTH_ANALYSING_ROWS:
        cursor.execute(sql.SQL("analyze pg_temp.{}").format(stage_name(entry)))
    return landed


def add_to_stage(
    cursor: DatabaseCursor, entry: Entry, reading: Reading, scope: Scope, watch: Watch = unwatched
) -> Landed:
    """Copy more rows into the stage table."""
    if reading.has_no_rows(entry):
        return Landed()
    columns = reading.columns(entry)
    query = sql.SQL("copy pg_temp.{} ({}) from stdin").format(stage_name(entry), names(columns))
    return pump(cursor, entry, query, lambda sink: reading.write_rows(entry, scope, sink), watch)


def merge(cursor: DatabaseCursor, entry: Entry, night: Night) -> Landed:
    """Move the staged rows into `raw`; a row that is the same already is not touched, not even by a row lock."""
    # Not `on conflict do update … where`: that locks every row it meets, which writes the pages of rows that stay.
    values = [*entry.all_fields, "_row_version"]
    written = [*values, "_read_at", "_deleted_at", "_night_id"]
    query = sql.SQL(
        "with changed as ("
        " update raw.{table} t set ({written}) = row({new}, %(read_at)s, null, %(night_id)s) from pg_temp.{stage} s"
        " where t.client_id = %(client_id)s and {same}"
        " and ({old}, t._deleted_at) is distinct from ({new}, null::timestamptz) returning 1),"
        " added as (insert into raw.{table} (client_id, {columns}, _read_at, _night_id)"
        " select %(client_id)s, {columns}, %(read_at)s, %(night_id)s from pg_temp.{stage} s"
        " where not exists (select from raw.{table} t where t.client_id = %(client_id)s and {same}) returning 1)"
        " select (select count(*) from added), (select count(*) from changed)"
    ).format(
        table=sql.Identifier(entry.table),
        stage=stage_name(entry),
        columns=names([*entry.key, *values]),
        written=names(written),
        same=sql.SQL(" and ").join(sql.SQL("s.{0} = t.{0}").format(sql.Identifier(name)) for name in entry.key),
        old=sql.SQL(", ").join(sql.SQL("t.{}").format(sql.Identifier(name)) for name in values),
        new=sql.SQL(", ").join(sql.SQL("s.{}").format(sql.Identifier(name)) for name in values),
    )
    try:
        cursor.execute(query, parameters(night))
    except psycopg2.IntegrityError as error:
        raise _doubled(entry) from error
    inserted, updated = cursor.fetchone() or (0, 0)
    return Landed(rows_inserted=inserted, rows_updated=updated)


def bury(cursor: DatabaseCursor, entry: Entry, night: Night, *, buckets: list[int] | None = None) -> Landed:
    """Mark live rows that the stage lacks as deleted, everywhere or within the given buckets; values stay as known."""
    same = sql.SQL(" and ").join(sql.SQL("s.{0} = t.{0}").format(sql.Identifier(name)) for name in entry.key)
    within: sql.Composable = sql.SQL("")
    if buckets is not None:
        within = sql.SQL(" and t.{} / {} = any(%(buckets)s)").format(
            sql.Identifier(entry.key[0]), sql.Literal(BUCKET_SIZE)
        )
    query = sql.SQL(
        "update raw.{table} t set _deleted_at = %(as_of_at)s, _read_at = %(read_at)s, _night_id = %(night_id)s"
        " where t.client_id = %(client_id)s and t._deleted_at is null{within}"
        " and not exists (select from pg_temp.{stage} s where {same})"
    ).format(table=sql.Identifier(entry.table), stage=stage_name(entry), same=same, within=within)
    cursor.execute(query, {**parameters(night), "buckets": buckets})
    return Landed(rows_tombstoned=cursor.rowcount)


def land_absent(cursor: DatabaseCursor, entry: Entry, night: Night) -> Landed:
    """Bury what was there of a model whose table is gone (its module was uninstalled)."""
    cursor.execute("delete from ops.watermark where client_id = %s and model = %s", (night.client_id, entry.model))
    _create_stage(cursor, entry)
    return bury(cursor, entry, night)


def move_watermarks(
    cursor: DatabaseCursor, entries: Sequence[tuple[Entry, bool]], reading: Reading, night: Night
) -> None:
    """Remember where the next reading of each model goes on (entry -> was it read in full?); commits with the rows."""
    position, identity = json.dumps(dict(reading.position)), json.dumps(dict(reading.identity))
    execute_values(
        cursor,
        "insert into ops.watermark"
        " (client_id, model, position, source_identity, shape_hash, entry_hash, read_at, full_read_at, night_id)"
        " values %s"
        " on conflict (client_id, model) do update set position = excluded.position,"
        " source_identity = excluded.source_identity, shape_hash = excluded.shape_hash,"
        " entry_hash = excluded.entry_hash, read_at = excluded.read_at,"
        " full_read_at = coalesce(excluded.full_read_at, watermark.full_read_at), night_id = excluded.night_id",
        [
            (
                night.client_id,
                entry.model,
                position,
                identity,
                reading.shape(entry).shape_hash,
                entry.entry_hash,
                night.read_at,
                night.read_at if is_full else None,
                night.night_id,
            )
            for entry, is_full in entries
        ],
        template="(%s, %s, %s::jsonb, %s::jsonb, %s, %s, %s, %s::timestamptz, %s)",
        page_size=1000,
    )


def _copy_into_raw(cursor: DatabaseCursor, entry: Entry, reading: Reading, night: Night, watch: Watch) -> Landed:
    lead = {"client_id": night.client_id, "_read_at": night.read_at.isoformat(), "_night_id": night.night_id}
    query = sql.SQL("copy raw.{} ({}) from stdin").format(
        sql.Identifier(entry.table), names([*lead, *reading.columns(entry)])
    )
    landed = pump(
        cursor,
        entry,
        query,
        lambda sink: reading.write_rows(entry, Everything(), sink, lead=list(lead.values())),
        watch,
    )
    landed.rows_inserted = landed.rows_read
    return landed


def pump(
    cursor: DatabaseCursor,
    entry: Entry,
    query: sql.Composable,
    write: Callable[[BinaryIO], int],
    watch: Watch = unwatched,
) -> Landed:
    """Connect what the source writes with the warehouse's COPY IN through a pipe; memory stays at its buffers.

    `watch` is told the rows as they pass; what it raises ends the reading.
    """
    receiver, sender = os.pipe()
    failures: list[BaseException] = []

    def send() -> None:
        try:
            with os.fdopen(sender, "wb", buffering=_BUFFER_BYTES) as sink:
                write(sink)
        except BaseException as error:  # noqa: BLE001  raised again in the caller's thread
            failures.append(error)

    thread = threading.Thread(target=send, name=f"read {entry.table}")
    with closing(_CountingReader(receiver, entry.model, watch)) as source:
        thread.start()
        try:
            cursor.copy_expert(query, source, size=_BUFFER_BYTES)
            row_count = cursor.rowcount
        except psycopg2.DataError as error:
            raise _shape_error(entry, error) from None
        except psycopg2.IntegrityError as error:
            raise _doubled(entry) from error
        finally:
            # Closing our end first lets a sender that is still writing stop with a broken pipe instead of waiting.
            source.close()
            thread.join()
    if source.interruption:
        raise source.interruption
    if failures:
        raise failures[0]
    return Landed(rows_read=row_count, byte_count=source.byte_count)


class _CountingReader:
    """The receiving end of the pipe, counting what goes through; an interruption looks to COPY like the end."""

    def __init__(self, descriptor: int, model: str, watch: Watch) -> None:
        self._stream = os.fdopen(descriptor, "rb", buffering=0)
        self._model = model
        self._watch = watch
        self._row_count = 0
        self.byte_count = 0
        self.interruption: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        chunk = self._stream.read(size) or b""
        self.byte_count += len(chunk)
        self._row_count += chunk.count(b"\n")
        try:
            self._watch(self._model, self._row_count)
        except Exception as error:  # noqa: BLE001  raised again once COPY has ended
            self.interruption = error
            return b""
        return chunk

    def readline(self, size: int = -1) -> bytes:
        return self._stream.readline(size)

    def close(self) -> None:
        self._stream.close()


def _doubled(entry: Entry) -> SourceShapeError:
    return SourceShapeError(f"{entry.table} gave the same {', '.join(entry.key)} twice or none.")


def _shape_error(entry: Entry, error: psycopg2.DataError) -> SourceShapeError:
    # PostgreSQL's own message quotes the value, which may be personal; its context names the column.
    context = (error.diag.context or "").split(", column ")
    column = context[1].split(":")[0] if len(context) > 1 else "a column"
    return SourceShapeError(
        f"{entry.table}: {column} holds a value that its declared type cannot take ({error.pgcode}).",
        hint="Correct the value in Odoo, or the field's type in the catalogue entry.",
    )


def _create_stage(cursor: DatabaseCursor, entry: Entry) -> None:
    kept = {"_read_at", "_deleted_at", "_night_id", "client_id"}
    columns = [(name, kind) for name, kind in raw_columns(entry).items() if name not in kept]
    cursor.execute(sql.SQL("drop table if exists pg_temp.{}").format(stage_name(entry)))
    cursor.execute(
        sql.SQL("create temporary table {} ({}) on commit drop").format(
            stage_name(entry),
            sql.SQL(", ").join(sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in columns),
        )
    )


def stage_name(entry: Entry) -> sql.Identifier:
    return sql.Identifier(f"stage_{entry.table}"[:63])


def names(columns: list[str]) -> sql.Composable:
    return sql.SQL(", ").join(sql.Identifier(name) for name in columns)


def parameters(night: Night) -> dict[str, object]:
    return {
        "client_id": night.client_id,
        "night_id": night.night_id,
        "as_of_at": night.as_of_at,
        "read_at": night.read_at,
    }
