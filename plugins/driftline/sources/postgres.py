"""Direct reading: one REPEATABLE READ READ ONLY snapshot over a client's PostgreSQL, rows leave by COPY.

No row becomes a Python object. The cursor is the row version (xmin): see `_changed_since` for why it misses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

import psycopg2
from psycopg2 import sql

from driftline.catalogue import Catalogue, Entry, OdooVersion
from driftline.errors import SourceAccessDenied, SourceError, SourceShapeError, SourceUnavailable
from driftline.sources.base import BUCKET_SIZE, Cursor, Digest, Everything, InBuckets, Scope, Shape, Since
from driftline.sources.decoding import client_salt, decoded
from driftline.sources.shapes import read_tables, shape_of

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

    from driftline.registry import Client

_COPY_BUFFER_BYTES = 1 << 20
_XID_SPACE = 1 << 32
_OLDEST_POSTGRESQL = 11_00_00


@contextmanager
def open_postgres_reading(client: Client, *, url: str, catalogue: Catalogue, salt: str) -> Iterator[PostgresReading]:
    """Open the snapshot; close it at the end."""
    connection = _connect(client, url)
    try:
        yield PostgresReading(client, connection, catalogue, salt=salt)
    finally:
        connection.close()


class PostgresReading:
    """See `sources.base.Reading`. Every error of the source leaves as a SourceError that names the client."""

    def __init__(self, client: Client, connection: Connection, catalogue: Catalogue, *, salt: str) -> None:
        self._client = client
        self._connection = connection
        self._salt = client_salt(salt, client.client_id)
        limits = client.limits
        self._execute("set transaction isolation level repeatable read read only")
        self._execute("select set_config('statement_timeout', %s, false)", f"{limits.statement_timeout_seconds}s")
        self._execute("select set_config('lock_timeout', %s, false)", f"{limits.lock_timeout_seconds}s")
        self._xmin, self._xmax = self._snapshot()
        self._tables = read_tables(self._rows, [entry.table for entry in catalogue])
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
        with _translated(self._client), self._connection.cursor() as cursor:
            query = sql.SQL("copy ({}) to stdout").format(self._select(entry, scope, lead))
            cursor.copy_expert(query, sink, size=_COPY_BUFFER_BYTES)
            return cursor.rowcount

    def digests(self, entry: Entry) -> dict[int, Digest]:
        query = digest_query(
            entry,
            table=sql.Identifier(entry.table),
            row_version=sql.SQL("xmin::text::bigint"),
            condition=sql.SQL("true"),
            is_live=sql.SQL("true"),
        )
        return {bucket: Digest(count, int(total)) for bucket, count, total, _ in self._rows(query)}

    def cursor_problem(self, entry: Entry, cursor: Cursor) -> str | None:
        if problem := cursor.mismatch(entry, identity=self.identity, shape=self.shape(entry)):
            return problem
        if not cursor.position["xmin"] <= self._xmin or self._xmax - cursor.position["xmin"] >= _XID_SPACE:
            return "the transaction counter went back or wrapped"
        return None

    def _select(self, entry: Entry, scope: Scope, lead: Sequence[str]) -> sql.Composable:
        present = {column.name: column for column in entry.columns_for(self.version)}
        table = self._tables[entry.table]
        values: list[sql.Composable] = [sql.SQL("{}::text").format(sql.Literal(constant)) for constant in lead]
        values += [sql.Identifier(name) for name in entry.key]
        for name in self.shape(entry).columns:
            is_json = table[present[name].source].type == "jsonb"
            values.append(decoded(present[name], is_json=is_json, salt=self._salt, sources=present))
        return sql.SQL("select {}, xmin::text::bigint from only {} where {}").format(
            sql.SQL(", ").join(values), sql.Identifier(entry.table), self._condition(entry, scope)
        )

    def _condition(self, entry: Entry, scope: Scope) -> sql.Composable:
        match scope:
            case Everything():
                return sql.SQL("true")
            case Since(position=position):
                return self._changed_since(position["xmin"])
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
                hint="Reading needs PostgreSQL 11 or newer.",
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

    def _execute(self, query: str, *parameters: object) -> None:
        with _translated(self._client), self._connection.cursor() as cursor:
            cursor.execute(query, parameters or None)

    def _rows(self, query: str | sql.Composable, *parameters: object) -> list[tuple]:  # type: ignore[type-arg]
        with _translated(self._client), self._connection.cursor() as cursor:
            cursor.execute(query, parameters or None)
            return cursor.fetchall()


def digest_query(
    entry: Entry,
    *,
    table: sql.Composable,
    row_version: sql.Composable,
    condition: sql.Composable,
    is_live: sql.Composable,
) -> sql.Composable:
    """Make the digest of both sides: bucket, live rows, sum of their hashes, rows that are not live."""
    hashed: sql.Composable = row_version
    for name in reversed(entry.key):
        hashed = sql.SQL("hashint8extended({}, {})").format(sql.Identifier(name), hashed)
    return sql.SQL(
        "select ({key} / {size})::bigint, count(*) filter (where {is_live}),"
        " coalesce(sum({hashed}) filter (where {is_live}), 0), count(*) filter (where not {is_live})"
        " from only {table} where {condition} group by 1"
    ).format(
        key=sql.Identifier(entry.key[0]),
        size=sql.Literal(BUCKET_SIZE),
        hashed=hashed,
        table=table,
        condition=condition,
        is_live=is_live,
    )


def _connect(client: Client, url: str) -> Connection:
    try:
        return psycopg2.connect(
            url,
            connect_timeout=client.limits.connect_timeout_seconds,
            # A network that swallows packets would otherwise leave the reading waiting for hours.
            keepalives_idle=30,
            keepalives_interval=10,
            keepalives_count=3,
            application_name="driftline",
            options="-c TimeZone=UTC -c client_encoding=UTF8 -c DateStyle=ISO -c extra_float_digits=3"
            " -c search_path=public",
        )
    except psycopg2.OperationalError as error:
        text = _first_line(error)
        # No SQLSTATE reaches us for a failed connection; libpq's words are all there is.
        if any(word in text for word in ("authentication failed", "permission denied", "no pg_hba.conf entry")):
            raise SourceAccessDenied(
                f"its database refused the login: {text}.", client_id=client.client_id, hint="Check its connection."
            ) from None
        raise SourceUnavailable(
            f"its database cannot be reached: {text}.",
            client_id=client.client_id,
            hint="Check that it is up and that its connection names the right host, port and database.",
        ) from None
    except psycopg2.ProgrammingError:
        # The message would quote the address, which holds the password.
        raise SourceUnavailable("its connection is not a valid libpq URL.", client_id=client.client_id) from None


@contextmanager
def _translated(client: Client) -> Iterator[None]:
    try:
        yield
    except psycopg2.Error as error:
        raise translate(error, client) from error


def translate(error: psycopg2.Error, client: Client) -> SourceError:
    """Turn what the source's PostgreSQL says into what the caller should do."""
    text = _first_line(error)
    match error.pgcode:
        case "42501":
            return SourceAccessDenied(
                f"its reading role lacks a right: {text}.",
                client_id=client.client_id,
                hint=f"The statements it needs: driftline grants --client {client.client_id}",
            )
        case "57014":
            return SourceUnavailable(
                f"a statement ran longer than {client.limits.statement_timeout_seconds} s or was cancelled.",
                client_id=client.client_id,
                hint="Look for load or locks there, or raise limits.statement_timeout_seconds in clients.yml.",
            )
        case "55P03":
            return SourceUnavailable(
                f"a table stayed locked for {client.limits.lock_timeout_seconds} s.",
                client_id=client.client_id,
                hint="It is probably being upgraded; the next run tries again.",
            )
        case str(code) if code[:2] in {"22", "42"}:
            return SourceShapeError(f"its data or tables are not as declared: {text}.", client_id=client.client_id)
        case _:
            return SourceUnavailable(f"reading broke off: {text}.", client_id=client.client_id)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")
