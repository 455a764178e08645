"""Connections, and the note that the demo leaves on a database it made. Not here: tables and rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection


class DemoError(RuntimeError):
    """The demo cannot do what was asked; the message says what to do."""


@contextmanager
def transaction(url: str) -> Iterator[Connection]:
    """Open a connection for one transaction: committed at the end, rolled back on an error, closed either way."""
    connection = psycopg2.connect(url)
    try:
        with connection:
            yield connection
    finally:
        connection.close()


def administer(admin_url: str, statement: str, *names: str) -> None:
    """Run a statement that no transaction may hold, such as `create database {}`."""
    connection = psycopg2.connect(admin_url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
    finally:
        connection.close()


def write_mark(connection: Connection, database: str, facts: dict[str, Any]) -> None:
    """Note on the database, outside its tables, what it is."""
    note = sql.Literal(json.dumps({"demo": "driftline", **facts}))
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("comment on database {} is {}").format(sql.Identifier(database), note))


def read_mark(connection: Connection, database: str) -> dict[str, Any] | None:
    """Read what `write_mark` noted; None for a database that is absent or that the demo did not make."""
    with connection.cursor() as cursor:
        query = "select shobj_description(oid, 'pg_database') from pg_database where datname = %s"
        cursor.execute(query, (database,))
        found = cursor.fetchone()
    try:
        facts = json.loads(found[0]) if found and found[0] else None
    except ValueError:
        return None
    return facts if isinstance(facts, dict) and facts.get("demo") == "driftline" else None
