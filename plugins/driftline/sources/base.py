"""The protocol between a transport and landing, and the small values that cross it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Protocol

from driftline.catalogue import Entry, OdooVersion

# Ids are compared in buckets of this many: a million rows give 245 numbers to compare, a repair reads 4,096 rows.
BUCKET_SIZE = 4096


@dataclass(frozen=True)
class Cursor:
    """Where the next reading of a model goes on, and what must still hold for that to be allowed.

    `position` is the transport's own: what an earlier `Reading.position` said. `full_read_at` is when every row was
    last read.
    """

    position: Mapping[str, int]
    identity: Mapping[str, str]
    shape_hash: str
    entry_hash: str
    full_read_at: datetime

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
    """A model as it is in this client's database. One that may not be read at all is not present, and `is_hidden`."""

    is_present: bool
    columns: tuple[str, ...]  # canonical fields that can be read, in the entry's order
    missing: Mapping[str, str]  # canonical field -> why it lands as NULL
    shape_hash: str
    is_hidden: bool = False
    references: Mapping[str, str] = field(default_factory=dict)  # many2one field -> model it points at, where known


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


@dataclass(frozen=True)
class WithIds:
    """Read these rows."""

    ids: Sequence[int]


Scope = Everything | Since | InBuckets | WithIds


@dataclass
class Footprint:
    """What reading costs the client's server, so far."""

    calls: int = 0
    retries: int = 0
    bytes_received: int = 0
    seconds_waited: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def add(self, *, calls: int = 0, retries: int = 0, bytes_received: int = 0, seconds_waited: float = 0.0) -> None:
        """Count; several threads may."""
        with self._lock:
            self.calls += calls
            self.retries += retries
            self.bytes_received += bytes_received
            self.seconds_waited += seconds_waited

    def copy(self) -> Footprint:
        """Remember the state as it is."""
        return Footprint(self.calls, self.retries, self.bytes_received, self.seconds_waited)

    def since(self, earlier: Footprint) -> Footprint:
        """Give what came on top of an earlier state."""
        return Footprint(
            calls=self.calls - earlier.calls,
            retries=self.retries - earlier.retries,
            bytes_received=self.bytes_received - earlier.bytes_received,
            seconds_waited=self.seconds_waited - earlier.seconds_waited,
        )


@dataclass(frozen=True)
class Visibility:
    """What of a model the reading account can see: 'full', 'partial' or 'none', with the reason.

    `visible_count` is what the source counts for this account; None where it was not asked. `is_by_design` says that
    rows are missing only because Odoo's own code leaves them out for everybody.
    """

    verdict: str
    reason: str = ""
    visible_count: int | None = None
    is_by_design: bool = False


class Reading(Protocol):
    """One reading of one client's Odoo: on the direct path, all models as of the same moment."""

    transport: str
    version: OdooVersion
    footprint: Footprint
    build: str | None  # of the server's code, as 17.0-20240709, where the server tells one
    reader_user_id: int | None  # whose login in Odoo the reading uses; None on the direct path

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

    def write_keys(self, entry: Entry, sink: BinaryIO) -> int:
        """Write the id of every row there is, one per line; return how many."""

    def has_no_rows(self, entry: Entry) -> bool:
        """Say whether the model is known to have no row at all, so that nothing need be read (False: it may have)."""

    def digests(self, entries: Sequence[Entry]) -> dict[str, dict[int, Digest]]:
        """Digest the row versions of all rows of these models by bucket (direct path: RPC shows no row versions)."""

    def value_digests(self, entry: Entry) -> dict[int, Digest] | None:
        """Digest every value of all rows by bucket, as `reconcile` does in the warehouse; None where it cannot."""

    def cursor_problem(self, entry: Entry, cursor: Cursor) -> str | None:
        """Say why a reading cannot go on from this cursor (None: it can)."""

    def full_reason(self, entry: Entry, cursor: Cursor) -> str | None:
        """Say why this model is read in full this time although the cursor holds (None: it need not be)."""

    def stamps(self, entry: Entry, ids: Sequence[int]) -> dict[int, datetime]:
        """Say when rows were written last, where Odoo's stamps are the clock; rows that are gone are left out."""

    def visibility(self, entry: Entry) -> Visibility:
        """Say what of a model this account can see."""
