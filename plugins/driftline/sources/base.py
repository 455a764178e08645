"""The protocol between a transport and landing, and the small values that cross it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from driftline.catalogue import Entry, OdooVersion

# Ids are compared in buckets of this many: a million rows give 245 numbers to compare, a repair reads 4,096 rows.
BUCKET_SIZE = 4096


@dataclass(frozen=True)
class Cursor:
    """Where the next reading of a model goes on, and what must still hold for that to be allowed.

    `position` is the transport's own: what an earlier `Reading.position` said.
    """

    position: Mapping[str, int]
    identity: Mapping[str, str]
    shape_hash: str
    entry_hash: str

    def mismatch(self, entry: Entry, *, identity: Mapping[str, str], shape: Shape) -> str | None:
        """Say what changed since the cursor was kept, whatever the transport (None: nothing that matters)."""
        if self.entry_hash != entry.entry_hash:
            return "the catalogue entry changed"
        if dict(self.identity) != dict(identity):
            return "the database is another one (restored, copied or moved)"
        if self.shape_hash != shape.shape_hash:
            return "the table's columns changed"
        return None


@dataclass(frozen=True)
class Shape:
    """A model as it is in this client's database."""

    is_present: bool
    columns: tuple[str, ...]  # canonical fields that can be read, in the entry's order
    missing: Mapping[str, str]  # canonical field -> why it lands as NULL
    shape_hash: str


@dataclass(frozen=True)
class Digest:
    """A bucket of rows, as one side has it: how many, and the sum of their (key, row version) hashes."""

    row_count: int
    hash_sum: int


@dataclass(frozen=True)
class Everything:
    """Read every row."""


@dataclass(frozen=True)
class Since:
    """Read the rows that may have changed since an earlier reading's position."""

    position: Mapping[str, int]


@dataclass(frozen=True)
class InBuckets:
    """Read every row of these buckets of the key's first column."""

    buckets: Sequence[int]


Scope = Everything | Since | InBuckets


class Reading(Protocol):
    """One consistent reading: all models as of the same moment of one client's Odoo."""

    version: OdooVersion

    @property
    def position(self) -> Mapping[str, int]:
        """Where the next reading may go on, in the transport's own terms."""

    @property
    def identity(self) -> Mapping[str, str]:
        """What tells this database from any other; a cursor of another one is worthless."""

    def shape(self, entry: Entry) -> Shape:
        """Say what of the entry this database has; raise SourceError if it cannot be read at all."""

    def columns(self, entry: Entry) -> list[str]:
        """Name the columns of the rows that `write_rows` gives, in order: key, present fields, `_row_version`."""

    def write_rows(self, entry: Entry, scope: Scope, sink: BinaryIO, *, lead: Sequence[str] = ()) -> int:
        """Write the rows in PostgreSQL's COPY text format, the constants of `lead` first; return how many."""

    def digests(self, entry: Entry) -> dict[int, Digest]:
        """Digest all rows by bucket."""

    def cursor_problem(self, entry: Entry, cursor: Cursor) -> str | None:
        """Say why a reading cannot go on from this cursor (None: it can)."""
