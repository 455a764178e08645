"""Direct reading: one REPEATABLE READ READ ONLY snapshot over a client's PostgreSQL, rows leave by COPY.

No row becomes a Python object. The cursor is the row version (xmin): see `_changed_since` for why it misses nothing.
Errors and how to connect are `postgres_connection`'s, digests `digests`'s.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO

from psycopg2 import sql

from driftline.catalogue import Catalogue, Column, Entry, OdooVersion
from driftline.errors import SourceShapeError
from driftline.sources.base import (
    BUCKET_SIZE,
    Cursor,
    Digest,
    Everything,
    Footprint,
    InBuckets,
    Scope,
    Shape,
    Since,
    Visibility,
    WithIds,
)
from driftline.sources.decoding import client_salt, decoded
from driftline.sources.digests import digest_query, value_digest_query
from driftline.sources.postgres_connection import open_connection, translated
from driftline.sources.shapes import read_tables, shape_of

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as DatabaseCursor

    from driftline.registry import Client

_COPY_BUFFER_BYTES = 1 << 20
_XID_SPACE = 1 << 32
_OLDEST_POSTGRESQL = 11_00_00


@contextmanager
def open_postgres_reading(
    client: Client, *, url: str, catalogue: Catalogue, salt: str, seconds_left: float | None = None
) -> Iterator[PostgresReading]:
    """Open the snapshot; close it at the end. No statement runs longer than `seconds_left`."""
    connection = open_connection(client, url)
    try:
        yield PostgresReading(client, connection, catalogue, salt=salt, seconds_left=seconds_left)
    finally:
        connection.close()


class PostgresReading:
    """See `sources.base.Reading`. Every error of the source leaves as a SourceError that names the client."""

    transport = "postgres"
    build: str | None = None  # a database does not know what code runs over it
    reader_user_id: int | None = None

    def __init__(
        self,
        client: Client,
        connection: Connection,
        catalogue: Catalogue,
        *,
        salt: str,
        seconds_left: float | None = None,
    ) -> None:
        self.footprint = Footprint()
        self._client = client
        self._connection = connection
        self._salt = client_salt(salt, client.client_id)
        limits = client.limits
        self._execute("set transaction isolation level repeatable read read only")
        longest_ms = int(1000 * min(limits.statement_timeout_seconds, max(1.0, seconds_left or float("inf"))))
        self._execute("select set_config('statement_timeout', %s, false)", f"{longest_ms}ms")
        self._execute("select set_config('lock_timeout', %s, false)", f"{limits.lock_timeout_seconds}s")
        self._xmin, self._xmax = self._snapshot()
        self._tables = read_tables(self._rows, catalogue)
        self.version = self._detect_version()
        self._database = self._identity()
        self._shapes: dict[str, Shape] = {}

    @property
    def position(self) -> dict[str, int]:
        # The oldest transaction in flight, epoch included: what commits later has a row version at or above it.
        return {"xmin": self._xmin}

    @property
    def identity(self) -> dict[str, str]:
        return self._database

    def shape(self, entry: Entry) -> Shape:
        if entry.model not in self._shapes:
            self._shapes[entry.model] = shape_of(
                entry, self._tables.get(entry.table), version=self.version, client_id=self._client.client_id
            )
        return self._shapes[entry.model]

    def columns(self, entry: Entry) -> list[str]:
        return [*entry.key, *self.shape(entry).columns, "_row_version"]

    def write_rows(self, entry: Entry, scope: Scope, sink: BinaryIO, *, lead: Sequence[str] = ()) -> int:
        query = sql.SQL("copy ({}) to stdout").format(self._select(entry, scope, lead))
        return self._copy_out(query, sink)

    def write_keys(self, entry: Entry, sink: BinaryIO) -> int:
        query = sql.SQL("copy (select {} from only {}) to stdout").format(
            sql.SQL(", ").join(sql.Identifier(name) for name in entry.key), sql.Identifier(entry.table)
        )
        return self._copy_out(query, sink)

    def has_no_rows(self, entry: Entry) -> bool:
        return entry.table in self._empty_tables

    def digests(self, entries: Sequence[Entry]) -> dict[str, dict[int, Digest]]:
        found: dict[str, dict[int, Digest]] = {entry.model: {} for entry in entries}
        asked = [entry for entry in entries if not self.has_no_rows(entry)]
        if not asked:
            return found
        query = digest_query(
            asked,
            table=lambda entry: sql.Identifier(entry.table),
            row_version=sql.SQL("xmin::text::bigint"),
            condition=sql.SQL("true"),
            is_live=sql.SQL("true"),
        )
        for model, bucket, count, total, _ in self._rows(query):
            found[model][bucket] = Digest(count, int(total))
        return found

    def value_digests(self, entry: Entry) -> dict[int, Digest]:
        present = {column.name: column for column in entry.columns_for(self.version)}
        values = {name: self._decoded(entry, present, name) for name in self.shape(entry).columns}
        query = value_digest_query(entry, table=sql.Identifier(entry.table), values=values, condition=sql.SQL("true"))
        return {bucket: Digest(count, int(total)) for bucket, count, total in self._rows(query)}

    def full_reason(self, entry: Entry, cursor: Cursor) -> str | None:  # noqa: ARG002  the protocol's
        return "the catalogue reads this model in full" if entry.read == "full" else None

    def stamps(self, entry: Entry, ids: Sequence[int]) -> dict[int, datetime]:  # noqa: ARG002  the protocol's
        return {}  # a database that was put back has other row versions, or a counter that went back

    def visibility(self, entry: Entry) -> Visibility:
        # Odoo itself sets no row security; where somebody has, it hides rows without an error.
        if entry.table in self._secured_tables:
            return Visibility("partial", "row-level security hides rows of the table from the reading role")
        return Visibility("full")

    def cursor_problem(self, entry: Entry, cursor: Cursor) -> str | None:
        if problem := cursor.mismatch(entry, identity=self.identity, shape=self.shape(entry)):
            return problem
        if not cursor.position["xmin"] <= self._xmin or self._xmax - cursor.position["xmin"] >= _XID_SPACE:
            return "the transaction counter went back or wrapped"
        return None

    def _select(self, entry: Entry, scope: Scope, lead: Sequence[str]) -> sql.Composable:
        present = {column.name: column for column in entry.columns_for(self.version)}
        values: list[sql.Composable] = [sql.SQL("{}::text").format(sql.Literal(constant)) for constant in lead]
        values += [sql.Identifier(name) for name in entry.key]
        for name in self.shape(entry).columns:
            values.append(self._decoded(entry, present, name))
        return sql.SQL("select {}, xmin::text::bigint from only {} where {}").format(
            sql.SQL(", ").join(values), sql.Identifier(entry.table), self._condition(entry, scope)
        )

    def _decoded(self, entry: Entry, present: Mapping[str, Column], name: str) -> sql.Composable:
        is_json = self._tables[entry.table][present[name].source].type == "jsonb"
        return decoded(present[name], is_json=is_json, salt=self._salt, sources=present)

    def _condition(self, entry: Entry, scope: Scope) -> sql.Composable:
        match scope:
            case Everything():
                return sql.SQL("true")
            case Since(position=position):
                return self._changed_since(position["xmin"])
            case WithIds(ids=ids):
                return sql.SQL("{} = any({})").format(sql.Identifier(entry.key[0]), sql.Literal(list(ids)))
            case InBuckets(buckets=buckets):
                return sql.SQL("{} / {} = any({})").format(
                    sql.Identifier(entry.key[0]), sql.Literal(BUCKET_SIZE), sql.Literal(list(buckets))
                )

    def _changed_since(self, previous: int) -> sql.Composable:
        # A row written by a transaction that was in flight at the last snapshot has xmin >= that snapshot's xmin; row
        # versions are 32 bits wide, so the distance is taken modulo 2^32. Values below 3 are PostgreSQL's own.
        return sql.SQL(
            "xmin::text::bigint >= 3 and ((xmin::text::bigint - {low} + {space}) % {space}) < {distance}"
        ).format(
            low=sql.Literal(previous % _XID_SPACE),
            space=sql.Literal(_XID_SPACE),
            distance=sql.Literal(self._xmax - previous),
        )

    def _snapshot(self) -> tuple[int, int]:
        # txid_*, not pg_*: it exists from PostgreSQL 8.3 to today, on standbys too.
        row = self._rows(
            "select txid_snapshot_xmin(s), txid_snapshot_xmax(s), current_setting('server_version_num')::int"
            " from txid_current_snapshot() s"
        )[0]
        if row[2] < _OLDEST_POSTGRESQL:
            raise SourceShapeError(
                f"its PostgreSQL is too old ({row[2] // 10_000}).",
                client_id=self._client.client_id,
                hint="Direct reading needs PostgreSQL 11 or newer, for its 64-bit hashes. Read it over RPC instead.",
            )
        return int(row[0]), int(row[1])

    def _detect_version(self) -> OdooVersion:
        client_id = self._client.client_id
        if not self._tables.get("ir_module_module"):
            raise SourceShapeError(
                "the database has no table ir_module_module, so it is no Odoo.",
                client_id=client_id,
                hint="Check the database name in its connection.",
            )
        rows = self._rows("select latest_version from ir_module_module where name = 'base' and state <> 'uninstalled'")
        try:
            found = OdooVersion.parse(rows[0][0] if rows and rows[0][0] else "none")
        except ValueError as error:
            raise SourceShapeError(f"version of module base: {error}.", client_id=client_id) from None
        if self._client.version not in (None, found):
            raise SourceShapeError(
                f"clients.yml says Odoo {self._client.version}, the database says {found}.",
                client_id=client_id,
                hint="After an upgrade, change odoo_version in clients.yml.",
            )
        return found

    def _identity(self) -> dict[str, str]:
        row = self._rows("select oid::text from pg_database where datname = current_database()")[0]
        uuid = self._rows("select value from ir_config_parameter where key = 'database.uuid'")
        return {"database_oid": row[0], "database_uuid": (uuid[0][0] or "") if uuid else ""}

    @cached_property
    def _empty_tables(self) -> frozenset[str]:
        """The tables without a page: whatever this snapshot would see, nothing of it is there."""
        # Another kind of table may keep its rows elsewhere (an unlogged one on a standby: nowhere): 0 and 2 are heap.
        rows = self._rows(
            "select c.relname from unnest(%s) wanted join pg_class c on c.oid = to_regclass(quote_ident(wanted))"
            " where c.relkind = 'r' and c.relpersistence = 'p' and c.relam in (0, 2) and pg_relation_size(c.oid) = 0",
            list(self._tables),
        )
        return frozenset(name for (name,) in rows)

    @cached_property
    def _secured_tables(self) -> frozenset[str]:
        """The tables whose rows are filtered for this role."""
        rows = self._rows(
            "select c.relname from unnest(%s) wanted join pg_class c on c.oid = to_regclass(quote_ident(wanted))"
            " where c.relrowsecurity and row_security_active(c.oid)",
            list(self._tables),
        )
        return frozenset(name for (name,) in rows)

    def _execute(self, query: str, *parameters: object) -> None:
        with self._statement() as cursor:
            cursor.execute(query, parameters or None)

    def _rows(self, query: str | sql.Composable, *parameters: object) -> list[tuple]:  # type: ignore[type-arg]
        with self._statement() as cursor:
            cursor.execute(query, parameters or None)
            return cursor.fetchall()

    def _copy_out(self, query: sql.Composable, sink: BinaryIO) -> int:
        with self._statement() as cursor:
            cursor.copy_expert(query, sink, size=_COPY_BUFFER_BYTES)
            return cursor.rowcount

    @contextmanager
    def _statement(self) -> Iterator[DatabaseCursor]:
        started = time.monotonic()
        try:
            with translated(self._client), self._connection.cursor() as cursor:
                yield cursor
        finally:
            self.footprint.add(calls=1, seconds_waited=time.monotonic() - started)
