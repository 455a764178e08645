"""One client's night: open the reading, stage every model, land all of it in one transaction, prove it.

Planning and the night as a whole are `night`'s; how rows move is `landing`'s.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from driftline import bookkeeping, keys, visibility
from driftline.bookkeeping import PlannedNight
from driftline.catalogue import Catalogue, Entry
from driftline.errors import DriftlineError
from driftline.landing import (
    Choice,
    Landed,
    Night,
    bury,
    choose_scope,
    held_models,
    land_absent,
    merge,
    move_watermarks,
    read_cursors,
    stage,
)
from driftline.reconcile import (
    Comparison,
    Proof,
    Sides,
    WarehouseDigests,
    compare_values,
    digest_sides,
    prove,
    prove_absent,
    prove_held,
    prove_keys,
)
from driftline.registry import Client
from driftline.sources import Cursor, Everything, Footprint, Reading, Since, open_reading
from driftline.warehouse import BUILD_LOCK, Role, connect, hold_for_transaction
from driftline.watching import Deadline, LogProgress, Watch, all_of

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as DatabaseCursor

    from driftline.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ClientReport:
    """What one client's night came to."""

    client_id: str
    state: str  # succeeded, or skipped (a past day is recomputed, nothing is read)
    odoo_version: str | None = None
    transport: str | None = None
    row_count: int = 0
    byte_count: int = 0
    held_count: int = 0
    repaired_count: int = 0
    elapsed_seconds: float = 0.0


@dataclass(frozen=True)
class Manner:
    """How this reading is done: every value compared, deletions believed whatever their number (of these models)."""

    compares_values: bool = False
    believed_models: frozenset[str] | None = frozenset()  # None: all

    def belief(self, entry: Entry, client: Client) -> keys.Belief:
        """Say how many deletions of a model are believed."""
        if self.believed_models is None or entry.model in self.believed_models:
            return keys.EVERYTHING_IS_BELIEVED
        return keys.Belief.of(client.limits)


def deadline_of(client: Client, planned: PlannedNight) -> Deadline:
    """Give the moment by which the client must have been read: its own limit, or the night's cut-off."""
    minutes = client.limits.extraction_timeout_minutes
    if planned.seconds_left < minutes * 60:
        return Deadline(time.monotonic() + planned.seconds_left, "the night's cut-off has come")
    return Deadline(time.monotonic() + minutes * 60, f"reading took longer than {minutes} minutes")


def land_client(
    settings: Settings,
    client: Client,
    catalogue: Catalogue,
    *,
    url: str,
    night: Night,
    deadline: Deadline,
    manner: Manner,
    watch: Watch,
) -> ClientReport:
    """Read and land everything; commit at the end or keep nothing. Errors of the source name the client."""
    started = time.monotonic()
    watch = all_of(deadline, LogProgress(client.client_id), watch)
    with (
        _naming(client.client_id),
        open_reading(
            client, url=url, catalogue=catalogue, salt=settings.hash_salt, now=night.read_at, deadline=deadline
        ) as reading,
        connect(settings, role=Role.LOADER, application=f"driftline {client.client_id} landing") as connection,
        connection.cursor() as cursor,
    ):
        job = _ClientNight(client, catalogue, reading, cursor, night, manner, watch)
        total = job.run()
        elapsed_seconds = time.monotonic() - started
    log.info("%s: %d rows read in %.1f s", client.client_id, total.rows_read, elapsed_seconds)
    return ClientReport(
        client_id=client.client_id,
        state="succeeded",
        odoo_version=str(reading.version),
        transport=reading.transport,
        row_count=total.rows_read,
        byte_count=total.byte_count,
        held_count=job.held_count,
        repaired_count=job.repaired_count,
        elapsed_seconds=elapsed_seconds,
    )


@dataclass
class _Staged:
    """A model on its way; `choice` is None where the client's Odoo lacks or hides it."""

    entry: Entry
    choice: Choice | None
    known: Cursor | None
    is_held: bool  # raw may have rows of it already
    has_no_rows: bool  # the source has none
    landed: Landed = field(default_factory=Landed)
    are_keys_listed: bool = False
    is_unchanged: bool = False
    listed_count: int = 0
    held_count: int = 0  # deletions that are not believed
    missed_count: int = 0
    footprint: Footprint = field(default_factory=Footprint)
    elapsed_seconds: float = 0.0

    @property
    def is_incremental(self) -> bool:
        return self.choice is not None and isinstance(self.choice.scope, Since)

    @property
    def is_nothing(self) -> bool:
        """Whether neither side has, or ever had, a row."""
        return not self.is_held and (self.choice is None or self.has_no_rows)


class _ClientNight:
    """One client's models, from the source to `raw`, within one transaction of the warehouse."""

    def __init__(
        self,
        client: Client,
        catalogue: Catalogue,
        reading: Reading,
        cursor: DatabaseCursor,
        night: Night,
        manner: Manner,
        watch: Watch,
    ) -> None:
        self._client = client
        self._catalogue = catalogue
        self._reading = reading
        self._cursor = cursor
        self._night = night
        self._manner = manner
        self._watch = watch
        self._recorded: list[bookkeeping.Recorded] = []
        self.held_count = 0
        self.repaired_count = 0

    def run(self) -> Landed:
        """Stage everything, then land it; the source is done with when landing begins, save for repairs."""
        items = self._begin()
        # Only row versions show that nothing changed; over RPC every model is asked.
        before = self._digest([item for item in items if item.is_incremental], {}) if self._is_direct else {}
        for item in items:
            # Both sides are the same rows already: there is nothing to look for.
            item.is_unchanged = item.entry.model in before and not before[item.entry.model].differing
            if item.choice is not None and not item.is_unchanged:
                self._stage(item, item.choice)
        hold_for_transaction(self._cursor, BUILD_LOCK, is_shared=True)
        for item in items:
            self._watch(item.entry.model, item.landed.rows_read)
            self._move(item)
        sides = before | self._digest([item for item in items if not item.is_unchanged], before)
        total = Landed()
        for item in items:
            self._prove(item, sides[item.entry.model])
            total.add(item.landed)
        self._write_down(items, total)
        return total

    @property
    def _is_direct(self) -> bool:
        return self._reading.transport == "postgres"

    def _begin(self) -> list[_Staged]:
        """Decide how each model is read."""
        client_id = self._client.client_id
        # Shapes first: a missing right or a changed column is found before the first row moves.
        for entry in self._catalogue:
            self._reading.shape(entry)
        cursors = read_cursors(self._cursor, client_id)
        forced = self._reason_to_read_all(cursors)
        held = held_models(self._cursor, [entry for entry in self._catalogue if entry.model not in cursors], client_id)
        return [
            self._choose(entry, cursors.get(entry.model), entry.model in cursors or entry.model in held, forced)
            for entry in self._catalogue
        ]

    def _choose(self, entry: Entry, known: Cursor | None, is_held: bool, forced: str | None) -> _Staged:
        if not self._reading.shape(entry).is_present:
            return _Staged(entry, None, known, is_held, has_no_rows=False)
        choice = choose_scope(entry, self._reading, known=known, is_held=is_held, forced=forced)
        return _Staged(entry, choice, known, is_held, self._reading.has_no_rows(entry))

    def _reason_to_read_all(self, cursors: dict[str, Cursor]) -> str | None:
        """Look whether the database was put back to an older state; then no cursor of any model is worth anything."""
        if self._is_direct:
            return None
        if self._manner.compares_values:
            return "every value is compared"
        client_id, overlap = self._client.client_id, timedelta(minutes=self._client.limits.rpc_overlap_minutes)
        for entry in self._catalogue:
            is_stamped = "write_date" in self._reading.shape(entry).columns
            if not (entry.model in cursors and is_stamped and entry.rpc_mode != "full"):
                continue
            if keys.was_put_back(self._cursor, entry, self._reading, client_id, overlap=overlap):
                log.warning("%s: %s is older than it was: all is read anew", client_id, entry.model)
                return "the database was put back to an older state"
        return None

    def _digest(self, items: list[_Staged], known: dict[str, Sides]) -> dict[str, Sides]:
        """Digest both sides of the models that this reading has, the warehouse's alone of the others."""
        nothing = {item.entry.model: Sides() for item in items if item.is_nothing}
        items = [item for item in items if not item.is_nothing]
        both = [item.entry for item in items if self._is_direct and item.choice is not None]
        alone = [item.entry for item in items if not (self._is_direct and item.choice is not None)]
        return nothing | digest_sides(
            self._cursor, both, self._reading, self._client.client_id, known=known, warehouse_alone=alone
        )

    def _stage(self, item: _Staged, choice: Choice) -> None:
        started, before = time.monotonic(), self._reading.footprint.copy()
        entry, client_id = item.entry, self._client.client_id
        item.landed.add(stage(self._cursor, entry, self._reading, choice, self._night, self._watch))
        if not self._is_direct and isinstance(choice.scope, Since):
            keys.list_keys(self._cursor, entry, self._reading, self._watch)
            item.are_keys_listed = True
            item.landed.add(keys.stage_missing(self._cursor, entry, self._reading, self._night, self._watch))
        item.footprint = self._reading.footprint.since(before)
        item.elapsed_seconds = time.monotonic() - started
        log.info("%s: %s: %d rows, %s (%s)", client_id, entry.model, item.landed.rows_read, choice.mode, choice.reason)

    def _move(self, item: _Staged) -> None:
        """Bring the staged rows into `raw`, and bury what is gone."""
        if item.is_unchanged or item.is_nothing:
            return
        started = time.monotonic()
        if item.choice is None:
            self._move_absent(item)
        elif self._is_direct:
            self._merge(item)
            if isinstance(item.choice.scope, Everything) and not item.choice.is_first:
                item.landed.add(bury(self._cursor, item.entry, self._night))
        else:
            item.missed_count = self._missed(item)
            self._merge(item)
            self._bury_unlisted(item)
        item.elapsed_seconds += time.monotonic() - started

    def _move_absent(self, item: _Staged) -> None:
        if self._reading.shape(item.entry).is_hidden:
            return
        if not self._is_direct:
            # Over RPC a model that is hidden from its list looks like one whose module was uninstalled.
            live_count = keys.live_count(self._cursor, item.entry, self._client.client_id)
            if self._manner.belief(item.entry, self._client).holds(live_count, live_count):
                item.held_count = live_count
                return
        if item.known is not None:
            item.landed.add(land_absent(self._cursor, item.entry, self._night))

    def _merge(self, item: _Staged) -> None:
        if item.choice is not None and not item.choice.is_first and item.landed.rows_read:
            item.landed.add(merge(self._cursor, item.entry, self._night))

    def _bury_unlisted(self, item: _Staged) -> None:
        item.listed_count = item.landed.rows_read
        if item.choice is None or item.choice.is_first:
            return
        belief = self._manner.belief(item.entry, self._client)
        buried, item.held_count = keys.bury_unlisted(
            self._cursor, item.entry, self._night, are_keys_listed=item.are_keys_listed, belief=belief
        )
        item.landed.add(buried)
        item.listed_count = keys.listed_count(self._cursor, item.entry, are_keys_listed=item.are_keys_listed)

    def _prove(self, item: _Staged, sides: Sides) -> None:
        """Compare both sides, repair what differs, remember what came of it."""
        started, before = time.monotonic(), self._reading.footprint.copy()
        entry, comparison = item.entry, None
        if item.choice is None:
            proof = self._proof_of_absence(item, sides.warehouse)
        elif self._is_direct:
            proof = prove(self._cursor, entry, self._reading, self._night, sides)
            item.landed.add(proof.repaired)
            if self._manner.compares_values:
                comparison = compare_values(self._cursor, entry, self._reading, self._night)
        else:
            proof = prove_keys(
                sides.warehouse,
                listed_count=item.listed_count,
                held_count=item.held_count,
                is_full=isinstance(item.choice.scope, Everything),
            )
            if self._manner.compares_values:
                comparison = self._comparison(proof, item.missed_count)
        self.held_count += item.held_count
        item.elapsed_seconds += time.monotonic() - started
        later = self._reading.footprint.since(before)
        item.footprint.add(calls=later.calls, seconds_waited=later.seconds_waited)
        self._record(item, proof, comparison)

    def _proof_of_absence(self, item: _Staged, warehouse: WarehouseDigests) -> Proof:
        if item.held_count:
            return prove_held(warehouse)
        return prove_absent(warehouse, is_hidden=self._reading.shape(item.entry).is_hidden)

    def _missed(self, item: _Staged) -> int:
        """Count what the nights before have missed; only a full reading of a model with a cursor can tell."""
        is_told = item.choice is not None and not item.choice.is_first and item.entry.rpc_mode != "full"
        if not (self._manner.compares_values and is_told) or item.known is None or "since" not in item.known.position:
            return 0
        overlap = timedelta(minutes=self._client.limits.rpc_overlap_minutes)
        window_start = bookkeeping.moment(item.known.position["since"]) - overlap
        return keys.count_missed(self._cursor, item.entry, self._client.client_id, window_start=window_start)

    def _comparison(self, proof: Proof, missed_count: int) -> Comparison:
        verdict = "different" if proof.verdict in ("incomplete", "held") else "repaired" if missed_count else "equal"
        return Comparison(
            method="every value read and compared",
            row_count=proof.source_count or 0,
            repaired_count=missed_count,
            verdict=verdict,
        )

    def _record(self, item: _Staged, proof: Proof, comparison: Comparison | None) -> None:
        self._recorded.append(
            bookkeeping.Recorded(
                item.entry,
                mode=item.choice.mode if item.choice else "absent",
                reason=item.choice.reason if item.choice else proof.method,
                landed=item.landed,
                proof=proof,
                seconds=item.elapsed_seconds,
                footprint=item.footprint,
            )
        )
        if comparison is not None:
            self.repaired_count += comparison.repaired_count
            bookkeeping.record_comparison(
                self._cursor, item.entry, self._night, comparison, seconds=item.elapsed_seconds
            )

    def _write_down(self, items: list[_Staged], total: Landed) -> None:
        """Write what is remembered of all models, a statement a table: one per model costs more than reading it."""
        cursor, client_id, night = self._cursor, self._client.client_id, self._night
        read = [(item.entry, isinstance(item.choice.scope, Everything)) for item in items if item.choice is not None]
        move_watermarks(cursor, read, self._reading, night)
        bookkeeping.record_extracts(cursor, night, self._recorded)
        bookkeeping.record_completeness(cursor, night, self._recorded)
        bookkeeping.record_coverage(cursor, self._catalogue, self._reading, night)
        read_counts = {each.entry.model: each.proof.source_count for each in self._recorded}
        held_counts = {each.entry.model: each.proof.held_count for each in self._recorded}
        sights = visibility.look(cursor, self._catalogue, self._reading, client_id, read_counts, held_counts)
        visibility.record(cursor, sights, client_id=client_id, night_id=night.night_id, at=night.read_at)
        bookkeeping.succeed_client_run(cursor, night, self._reading, landed=total)


@contextmanager
def _naming(client_id: str) -> Iterator[None]:
    """Give errors that arise below without a client the client's name."""
    try:
        yield
    except DriftlineError as error:
        error.client_id = error.client_id or client_id
        raise
