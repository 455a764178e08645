"""Prove, every night, that `raw` holds what the source holds; every week, that every value does. Repair what differs.

On the direct path the nightly proof is exact: same keys, same row versions; it also is what finds deletions. Over RPC
it is the same keys (`keys`), and a model that is read in full is compared value by value while it is merged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from psycopg2 import sql

from driftline.catalogue import Entry
from driftline.landing import Landed, Night, bury, fill_stage, merge
from driftline.sources import Digest, InBuckets, Reading
from driftline.sources.digests import digest_query, value_digest_query
from driftline.warehouse import Role, connect

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as DatabaseCursor

    from driftline.settings import Settings


@dataclass
class Proof:
    """A model's completeness: how many rows each side has, and whether they are the same rows."""

    source_count: int | None
    warehouse_count: int
    tombstone_count: int
    method: str
    verdict: str
    held_count: int = 0
    buckets_repaired: int = 0
    repaired: Landed = field(default_factory=Landed)


@dataclass(frozen=True)
class Comparison:
    """What came of comparing every value of a model: 'equal', 'repaired', or 'different' where repair did not help."""

    method: str
    row_count: int
    repaired_count: int
    verdict: str


@dataclass(frozen=True)
class ModelComparison:
    """A comparison of one client's model, as it was recorded."""

    client_id: str
    model: str
    method: str
    row_count: int
    repaired_count: int
    verdict: str


def read_comparisons(settings: Settings, *, night_id: str) -> list[ModelComparison]:
    """Read what a night's comparisons of every value came to."""
    with connect(settings, role=Role.LOADER) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select client_id, model, method, row_count, repaired_count, verdict from ops.reconciliation"
            " where night_id = %s order by 1, 2",
            (night_id,),
        )
        return [ModelComparison(*row) for row in cursor.fetchall()]


@dataclass(frozen=True)
class WarehouseDigests:
    """The warehouse's side of a model; tombstones are counted apart."""

    live: dict[int, Digest] = field(default_factory=dict)
    tombstone_count: int = 0


@dataclass(frozen=True)
class Sides:
    """A model's digests of both sides; the source's is empty where it was not asked for."""

    source: dict[int, Digest] = field(default_factory=dict)
    warehouse: WarehouseDigests = field(default_factory=WarehouseDigests)

    @property
    def differing(self) -> list[int]:
        """The buckets that are not the same rows."""
        return _differing(self.source, self.warehouse.live)


def digest_sides(
    cursor: DatabaseCursor,
    entries: Sequence[Entry],
    reading: Reading,
    client_id: str,
    *,
    known: Mapping[str, Sides],
    warehouse_alone: Sequence[Entry] = (),
) -> dict[str, Sides]:
    """Digest both sides at the same time, each in one statement; a source that is `known` is not asked again.

    The source is one snapshot: what it said once tonight still holds. Of `warehouse_alone` the source is not asked.
    """
    asked = [entry for entry in entries if entry.model not in known]
    with ThreadPoolExecutor(1, thread_name_prefix="digest") as pool:
        answer = pool.submit(reading.digests, asked) if asked else None
        warehouse = warehouse_digests(cursor, [*entries, *warehouse_alone], client_id)
        source = answer.result() if answer else {}
    both = {
        entry.model: Sides(
            source[entry.model] if entry.model in source else known[entry.model].source, warehouse[entry.model]
        )
        for entry in entries
    }
    return both | {entry.model: Sides(warehouse=warehouse[entry.model]) for entry in warehouse_alone}


def prove(cursor: DatabaseCursor, entry: Entry, reading: Reading, night: Night, sides: Sides) -> Proof:
    """Repair the buckets in which the two sides differ, compare again."""
    repaired, differing, warehouse = Landed(), sides.differing, sides.warehouse
    if differing:
        repaired.add(fill_stage(cursor, entry, reading, InBuckets(differing)))
        repaired.add(merge(cursor, entry, night))
        repaired.add(bury(cursor, entry, night, buckets=differing))
        warehouse = warehouse_digests(cursor, [entry], night.client_id)[entry.model]
    return Proof(
        source_count=_count(sides.source),
        warehouse_count=_count(warehouse.live),
        tombstone_count=warehouse.tombstone_count,
        method="digest of (key, row version)",
        verdict="incomplete" if _differing(sides.source, warehouse.live) else "complete",
        buckets_repaired=len(differing),
        repaired=repaired,
    )


def prove_keys(warehouse: WarehouseDigests, *, listed_count: int, held_count: int, is_full: bool) -> Proof:
    """Compare the keys that the source listed with those that are live in the warehouse."""
    live_count = _count(warehouse.live)
    verdict = "held" if held_count else "complete" if live_count == listed_count else "incomplete"
    return Proof(
        source_count=listed_count,
        warehouse_count=live_count,
        tombstone_count=warehouse.tombstone_count,
        method="every value read" if is_full else "list of keys",
        verdict=verdict,
        held_count=held_count,
    )


def prove_absent(warehouse: WarehouseDigests, *, is_hidden: bool) -> Proof:
    """State that the client's Odoo does not have the model, or does not show it, with what is left in the warehouse."""
    verdict = "incomplete" if warehouse.live else "absent"
    return Proof(
        source_count=None,
        warehouse_count=_count(warehouse.live),
        tombstone_count=warehouse.tombstone_count,
        method="the account may not read the model" if is_hidden else "the source has no such model",
        verdict="hidden" if is_hidden else verdict,
    )


def prove_held(warehouse: WarehouseDigests) -> Proof:
    """State that a whole model is gone from the source's list, and that this is not believed."""
    count = _count(warehouse.live)
    return Proof(
        source_count=None,
        warehouse_count=count,
        tombstone_count=warehouse.tombstone_count,
        method="the source lists no such model",
        verdict="held",
        held_count=count,
    )


def compare_values(cursor: DatabaseCursor, entry: Entry, reading: Reading, night: Night) -> Comparison:
    """Compare digests of whole rows of both sides, repair the buckets that differ, compare again (direct path)."""
    source = reading.value_digests(entry) or {}
    warehouse = _warehouse_value_digests(cursor, entry, reading, night.client_id)
    repaired = Landed()
    if differing := _differing(source, warehouse):
        repaired.add(fill_stage(cursor, entry, reading, InBuckets(differing)))
        repaired.add(merge(cursor, entry, night))
        repaired.add(bury(cursor, entry, night, buckets=differing))
        warehouse = _warehouse_value_digests(cursor, entry, reading, night.client_id)
    verdict = "different" if _differing(source, warehouse) else "repaired" if differing else "equal"
    return Comparison(
        method="digest of every value",
        row_count=_count(source),
        repaired_count=repaired.rows_inserted + repaired.rows_updated + repaired.rows_tombstoned,
        verdict=verdict,
    )


def _warehouse_value_digests(
    cursor: DatabaseCursor, entry: Entry, reading: Reading, client_id: str
) -> dict[int, Digest]:
    cursor.execute(
        value_digest_query(
            entry,
            table=sql.SQL("raw.{}").format(sql.Identifier(entry.table)),
            values={name: sql.Identifier(name) for name in reading.shape(entry).columns},
            condition=sql.SQL("client_id = {} and _deleted_at is null").format(sql.Literal(client_id)),
        )
    )
    return {bucket: Digest(count, int(total)) for bucket, count, total in cursor.fetchall()}


def warehouse_digests(cursor: DatabaseCursor, entries: Sequence[Entry], client_id: str) -> dict[str, WarehouseDigests]:
    """Digest what the warehouse holds of these models of a client, in one statement."""
    if not entries:
        return {}
    cursor.execute(
        digest_query(
            entries,
            table=lambda entry: sql.SQL("raw.{}").format(sql.Identifier(entry.table)),
            row_version=sql.Identifier("_row_version"),
            condition=sql.SQL("client_id = {}").format(sql.Literal(client_id)),
            is_live=sql.SQL("(_deleted_at is null)"),
        )
    )
    live: dict[str, dict[int, Digest]] = {entry.model: {} for entry in entries}
    tombstones = dict.fromkeys(live, 0)
    for model, bucket, count, total, tombstone_count in cursor.fetchall():
        tombstones[model] += tombstone_count
        if count:
            live[model][bucket] = Digest(count, int(total))
    return {model: WarehouseDigests(live[model], tombstones[model]) for model in live}


def _differing(source: dict[int, Digest], warehouse: dict[int, Digest]) -> list[int]:
    return sorted(bucket for bucket in source.keys() | warehouse.keys() if source.get(bucket) != warehouse.get(bucket))


def _count(digests: dict[int, Digest]) -> int:
    return sum(digest.row_count for digest in digests.values())
