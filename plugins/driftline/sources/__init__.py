"""One reading of one client's Odoo, behind one protocol; version and transport differences end here.

Landing, proof and bookkeeping in the warehouse do not belong here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from driftline.addresses import is_http
from driftline.catalogue import Catalogue
from driftline.errors import ConfigError
from driftline.registry import Client
from driftline.sources.base import (
    Cursor,
    Digest,
    Everything,
    Footprint,
    InBuckets,
    Reading,
    Scope,
    Shape,
    Since,
    Visibility,
    WithIds,
)
from driftline.watching import Deadline

__all__ = [
    "Cursor",
    "Digest",
    "Everything",
    "Footprint",
    "InBuckets",
    "Reading",
    "Scope",
    "Shape",
    "Since",
    "Visibility",
    "WithIds",
    "open_reading",
]


@contextmanager
def open_reading(
    client: Client, *, url: str, catalogue: Catalogue, salt: str, now: datetime, deadline: Deadline | None = None
) -> Iterator[Reading]:
    """Open the reading that the client's transport, or else its address, calls for.

    Raises a SourceError subclass if it cannot be opened, ConfigError where transport and address do not go together.
    `now` is the warehouse's clock. A server that does not answer is not waited for beyond `deadline`.
    """
    if is_http(url) != (client.transport in ("rpc", "json2")) and client.transport is not None:
        wanted = "a PostgreSQL address" if client.transport == "postgres" else "an http or https address"
        raise ConfigError(
            f"its transport is {client.transport}, which wants {wanted}.",
            client_id=client.client_id,
            hint="Correct its connection, or its transport in clients.yml.",
        )
    if is_http(url):
        from driftline.sources.remote import open_remote_reading

        with open_remote_reading(client, url=url, catalogue=catalogue, salt=salt, now=now, deadline=deadline) as remote:
            yield remote
    else:
        from driftline.sources.postgres import open_postgres_reading

        seconds_left = deadline.seconds_left if deadline else None
        with open_postgres_reading(
            client, url=url, catalogue=catalogue, salt=salt, seconds_left=seconds_left
        ) as direct:
            yield direct
