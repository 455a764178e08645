"""Connections to the warehouse, each with the rights of one step, and the advisory locks between steps.

SQL that belongs to a step lives with the step.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

import psycopg2
from psycopg2 import sql

from driftline.errors import AlreadyRunningError, OutOfTimeError, WarehouseError

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

    from driftline.settings import Settings

_CONNECT_TIMEOUT_SECONDS = 10
_HINT = "Check DRIFTLINE_WAREHOUSE_URL and that PostgreSQL is up and has connections left; nothing was half-written."

# Landing takes this lock shared, a build exclusively: dbt must not see a client's rows change between two models.
BUILD_LOCK = "driftline:build"


class Role(StrEnum):
    """The role whose rights a connection steps down to."""

    OWNER = "owner"
    LOADER = "driftline_loader"
    TRANSFORMER = "driftline_transformer"
    PUBLISHER = "driftline_publisher"


@contextmanager
def connect(settings: Settings, *, role: Role, application: str = "driftline") -> Iterator[Connection]:
    """Open a connection, commit at the end, roll back on any error.

    Raises WarehouseError for everything PostgreSQL says about itself (down, full, restarted, refused); errors of the
    caller's own pass through.
    """
    connection = _open(settings, role=role, application=application)
    try:
        yield connection
        connection.commit()
    except psycopg2.Error as error:
        _rollback(connection)
        raise WarehouseError(f"the warehouse refused: {_first_line(error)}.", hint=_HINT) from error
    except BaseException:
        _rollback(connection)
        raise
    finally:
        connection.close()


def _open(settings: Settings, *, role: Role, application: str) -> Connection:
    try:
        connection = psycopg2.connect(
            settings.warehouse_url,
            connect_timeout=_CONNECT_TIMEOUT_SECONDS,
            application_name=application,
            # Statements over all tables cost little and look dear: compiling them would cost more than running them.
            options="-c TimeZone=UTC -c client_encoding=UTF8 -c DateStyle=ISO -c jit=off",
        )
    except (psycopg2.OperationalError, psycopg2.ProgrammingError) as error:
        raise WarehouseError(f"the warehouse cannot be reached: {_first_line(error)}.", hint=_HINT) from None
    try:
        if role is not Role.OWNER:
            with connection.cursor() as cursor:
                cursor.execute(sql.SQL("set role {}").format(sql.Identifier(role.value)))
            connection.commit()
    except psycopg2.Error as error:
        connection.close()
        raise WarehouseError(
            f"the warehouse does not know the role {role.value}: {_first_line(error)}.", hint="Run: driftline migrate"
        ) from error
    return connection


def _rollback(connection: Connection) -> None:
    if not connection.closed:
        try:
            connection.rollback()
        except psycopg2.Error:
            # The connection is gone, and the server has rolled back with it; the caller's own error is the news.
            connection.close()


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")


def _key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


def hold_for_transaction(cursor: Cursor, name: str, *, is_shared: bool = False) -> None:
    """Wait for an advisory lock; it is released when the transaction ends."""
    function = "pg_advisory_xact_lock_shared" if is_shared else "pg_advisory_xact_lock"
    cursor.execute(f"select {function}(%s)", (_key(name),))


def claim_slot(cursor: Cursor, name: str, *, slot_count: int, deadline: float, client_id: str) -> None:
    """Take one of several slots for the life of the connection; wait for a free one until `deadline` (monotonic).

    Raises OutOfTimeError where none became free. Locks, not a pool of Airflow's: the command line and other machines
    obey them, too.
    """
    keys = [_key(f"{name}:{number}") for number in range(slot_count)]
    while True:
        for key in keys:
            cursor.execute("select pg_try_advisory_lock(%s)", (key,))
            if (cursor.fetchone() or (False,))[0]:
                return
        if time.monotonic() >= deadline:
            raise OutOfTimeError(
                "no reading slot of its host became free in time.",
                client_id=client_id,
                hint="Raise limits.readings_per_host, or spread the clients over more hours.",
            )
        time.sleep(random.uniform(0.1, 0.4))  # noqa: S311  no secret, only manners


def claim_for_session(cursor: Cursor, name: str, *, what: str, client_id: str | None = None) -> None:
    """Take an advisory lock for the life of the connection, or raise AlreadyRunningError at once."""
    cursor.execute("select pg_try_advisory_lock(%s)", (_key(name),))
    row = cursor.fetchone()
    if row is None or not row[0]:
        raise AlreadyRunningError(
            f"{what} is already running.", client_id=client_id, hint="Wait for it to end, or look: driftline status"
        )
