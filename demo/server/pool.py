"""Connections to the served database: a few, kept open, each request in a transaction of its own."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2


class Pool:
    """At most `size` connections; a request waits for a free one as it would on a real server."""

    def __init__(self, url: str, size: int = 8) -> None:
        self._url = url
        self._free: queue.LifoQueue[Any] = queue.LifoQueue()
        for _ in range(size):
            self._free.put(None)

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """A cursor in a REPEATABLE READ, READ ONLY transaction."""
        with self._connection() as connection:
            connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
            with connection.cursor() as cursor:
                yield cursor

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """A cursor whose changes are committed at the end."""
        with self._connection() as connection:
            connection.set_session(isolation_level="READ COMMITTED", readonly=False)
            with connection.cursor() as cursor:
                yield cursor
            connection.commit()

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        connection = self._free.get()
        try:
            if connection is None or connection.closed:
                connection = psycopg2.connect(self._url, options="-c TimeZone=UTC -c DateStyle=ISO")
            yield connection
        finally:
            if connection is not None and not connection.closed:
                try:
                    connection.rollback()
                except psycopg2.Error:
                    # The server went away: the next request opens a new connection and says so if it cannot.
                    connection.close()
            self._free.put(connection)

    def close(self) -> None:
        while not self._free.empty():
            connection = self._free.get_nowait()
            if connection is not None:
                connection.close()
