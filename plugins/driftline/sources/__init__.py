"""One consistent reading of one client's Odoo, behind one protocol; version and transport differences end here.

Landing, proof and bookkeeping in the warehouse do not belong here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from driftline.catalogue import Catalogue
from driftline.registry import Client
from driftline.sources.base import Cursor, Digest, Everything, InBuckets, Reading, Scope, Shape, Since

__all__ = ["Cursor", "Digest", "Everything", "InBuckets", "Reading", "Scope", "Shape", "Since", "open_reading"]


@contextmanager
def open_reading(client: Client, *, url: str, catalogue: Catalogue, salt: str) -> Iterator[Reading]:
    """Open the reading that the client's transport calls for; raise a SourceError subclass if it cannot be opened."""
    from driftline.sources.postgres import open_postgres_reading

    with open_postgres_reading(client, url=url, catalogue=catalogue, salt=salt) as reading:
        yield reading
