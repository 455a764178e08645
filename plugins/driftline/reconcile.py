"""Prove, every night, that `raw` holds what the source holds: compare digests of both sides, repair what differs.

On the direct path the proof is exact: same keys, same row versions. It also is what finds deletions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from psycopg2 import sql

from driftline.catalogue import Entry
from driftline.landing import Landed, Night, bury, fill_stage, merge
from driftline.sources import Digest, InBuckets, Reading
from driftline.sources.postgres import digest_query

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as DatabaseCursor


@dataclass
class Proof:
    """A model's completeness: how many rows each side has, and whether they are the same rows."""

    source_count: int | None
    warehouse_count: int
    tombstone_count: int
    method: str
    verdict: str
    buckets_repaired: int = 0
    repaired: Landed = field(default_factory=Landed)


def prove(cursor: DatabaseCursor, entry: Entry, reading: Reading, night: Night) -> Proof:
    """Compare both sides bucket by bucket, repair the buckets that differ, compare again."""
    source = reading.digests(entry)
    warehouse = _warehouse_digests(cursor, entry, night.client_id)
    differing = _differing(source, warehouse.live)
    repaired = Landed()
    if differing:
        repaired.add(fill_stage(cursor, entry, reading, InBuckets(differing)))
        repaired.add(merge(cursor, entry, night))
        repaired.add(bury(cursor, entry, night, buckets=differing))
        warehouse = _warehouse_digests(cursor, entry, night.client_id)
    return Proof(
        source_count=_count(source),
        warehouse_count=_count(warehouse.live),
        tombstone_count=warehouse.tombstone_count,
        method="digest of (key, row version)",
        verdict="incomplete" if _differing(source, warehouse.live) else "complete",
        buckets_repaired=len(differing),
        repaired=repaired,
    )


def prove_absent(cursor: DatabaseCursor, entry: Entry, night: Night) -> Proof:
    """State that the client's Odoo does not have the model, with what is left of it in the warehouse."""
    warehouse = _warehouse_digests(cursor, entry, night.client_id)
    return Proof(
        source_count=None,
        warehouse_count=_count(warehouse.live),
        tombstone_count=warehouse.tombstone_count,
        method="the source has no such table",
        verdict="incomplete" if warehouse.live else "absent",
    )


@dataclass(frozen=True)
class _Warehouse:
    live: dict[int, Digest]
    tombstone_count: int


def _warehouse_digests(cursor: DatabaseCursor, entry: Entry, client_id: str) -> _Warehouse:
    cursor.execute(
        digest_query(
            entry,
            table=sql.SQL("raw.{}").format(sql.Identifier(entry.table)),
            row_version=sql.Identifier("_row_version"),
            condition=sql.SQL("client_id = {}").format(sql.Literal(client_id)),
            is_live=sql.SQL("(_deleted_at is null)"),
        )
    )
    rows = cursor.fetchall()
    return _Warehouse(
        live={bucket: Digest(count, int(total)) for bucket, count, total, _ in rows if count},
        tombstone_count=sum(row[3] for row in rows),
    )


def _differing(source: dict[int, Digest], warehouse: dict[int, Digest]) -> list[int]:
    return sorted(bucket for bucket in source.keys() | warehouse.keys() if source.get(bucket) != warehouse.get(bucket))


def _count(digests: dict[int, Digest]) -> int:
    return sum(digest.row_count for digest in digests.values())
