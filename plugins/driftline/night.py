"""A night: plan it, read each client on its own, finish it. The same calls serve the DAGs and the command line."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from driftline import bookkeeping
from driftline.catalogue import Catalogue, Entry, load_catalogue
from driftline.connections import client_url
from driftline.errors import ConfigError, DriftlineError
from driftline.landing import Choice, Landed, Night, bury, choose_scope, land_absent, merge, move_watermark, stage
from driftline.reconcile import Proof, prove, prove_absent
from driftline.registry import Client, load_registry
from driftline.sources import Everything, Reading, open_reading
from driftline.warehouse import BUILD_LOCK, Role, claim_for_session, connect, hold_for_transaction

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as DatabaseCursor

    from driftline.settings import Settings

log = logging.getLogger(__name__)

CONF_KEYS = ("client", "as_of_on")


@dataclass(frozen=True)
class NightPlan:
    """Which clients are read, and the night's one moment."""

    night_id: str
    client_ids: list[str]
    as_of_at: datetime
    is_recomputation: bool


@dataclass(frozen=True)
class ClientReport:
    """What one client's night came to."""

    client_id: str
    state: str  # succeeded, or skipped (a past day is recomputed, nothing is read)
    odoo_version: str | None = None
    row_count: int = 0
    byte_count: int = 0
    elapsed_seconds: float = 0.0


def plan(settings: Settings, *, night_id: str, now: datetime, conf: Mapping[str, object]) -> NightPlan:
    """Check the run's configuration, register the clients and open the night.

    `conf` may name one `client` and a past day `as_of_on` (YYYY-MM-DD): that day is recomputed from history as of its
    end in UTC, and nothing is read. Raises ConfigError for anything else: a mistyped key would run everybody.
    """
    registry = load_registry(settings.clients_file)
    load_catalogue()
    _refuse_unknown(conf)
    clients = registry.active
    if chosen := conf.get("client"):
        clients = [registry.client(str(chosen))]
    if not clients:
        raise ConfigError(f"{settings.clients_file}: no active client.", hint="The README says how to add one.")
    as_of_on = _as_of_on(conf.get("as_of_on"), now=now)
    as_of_at = now if as_of_on is None else datetime.combine(as_of_on + timedelta(days=1), datetime.min.time(), UTC)
    night = NightPlan(
        night_id=night_id,
        client_ids=[client.client_id for client in clients],
        as_of_at=as_of_at,
        is_recomputation=as_of_on is not None,
    )
    with connect(settings, role=Role.LOADER) as connection, connection.cursor() as cursor:
        bookkeeping.register_clients(cursor, registry, now=now)
        bookkeeping.open_night(cursor, night, conf=conf, now=now)
    return night


def read_client(settings: Settings, *, night_id: str, client_id: str, connection: str | None = None) -> ClientReport:
    """Read one client's Odoo into `raw`, whole or not at all, and record the outcome in `ops.client_run`.

    `connection` is the client's address when the caller has resolved it (Airflow does); else the environment is asked.
    Raises a SourceError (this client is skipped), a WarehouseError (retry) or an AlreadyRunningError.
    """
    client = load_registry(settings.clients_file).client(client_id)
    catalogue = load_catalogue()
    with connect(settings, role=Role.LOADER, application=f"driftline {client_id}") as control:
        control.autocommit = True
        with control.cursor() as cursor:
            as_of_at, is_recomputation = bookkeeping.night_moment(cursor, night_id)
            if is_recomputation:
                log.info("%s: a past day is recomputed from history; nothing is read", client_id)
                return ClientReport(client_id=client_id, state="skipped")
            claim_for_session(cursor, f"driftline:client:{client_id}", what="a reading", client_id=client_id)
            started_at = bookkeeping.clock(cursor)
            night = Night(client_id=client_id, night_id=night_id, as_of_at=as_of_at, read_at=started_at)
            bookkeeping.start_client_run(cursor, night)
            try:
                url = connection or client_url(settings, client_id)
                with _naming(client_id):
                    return _land_client(settings, client, catalogue, url=url, night=night)
            except BaseException as error:
                _record_failure(cursor, night, error)
                raise


def finish(settings: Settings, *, night_id: str) -> None:
    """Close the night; a client that is still marked as running by then did not finish and is recorded as failed."""
    with connect(settings, role=Role.LOADER) as connection, connection.cursor() as cursor:
        bookkeeping.finish_night(cursor, night_id)


def _land_client(settings: Settings, client: Client, catalogue: Catalogue, *, url: str, night: Night) -> ClientReport:
    started = time.monotonic()
    total = Landed()
    with (
        open_reading(client, url=url, catalogue=catalogue, salt=settings.hash_salt) as reading,
        connect(settings, role=Role.LOADER, application=f"driftline {client.client_id} landing") as connection,
        connection.cursor() as cursor,
    ):
        # Shapes first: a missing right or a changed column is found before the first row moves.
        for entry in catalogue:
            reading.shape(entry)
        staged = [_stage_entry(cursor, entry, reading, night) for entry in catalogue]
        hold_for_transaction(cursor, BUILD_LOCK, is_shared=True)
        for item in staged:
            total.add(_land_entry(cursor, item, reading, night))
        elapsed_seconds = time.monotonic() - started
        bookkeeping.succeed_client_run(cursor, night, odoo_version=str(reading.version), landed=total)
    log.info("%s: %d rows read in %.1f s", client.client_id, total.rows_read, elapsed_seconds)
    return ClientReport(
        client_id=client.client_id,
        state="succeeded",
        odoo_version=str(reading.version),
        row_count=total.rows_read,
        byte_count=total.byte_count,
        elapsed_seconds=elapsed_seconds,
    )


@dataclass(frozen=True)
class _Staged:
    entry: Entry
    choice: Choice | None  # None: the client's Odoo has no such table
    landed: Landed
    elapsed_seconds: float


def _stage_entry(cursor: DatabaseCursor, entry: Entry, reading: Reading, night: Night) -> _Staged:
    started = time.monotonic()
    if not reading.shape(entry).is_present:
        return _Staged(entry=entry, choice=None, landed=Landed(), elapsed_seconds=0.0)
    choice = choose_scope(cursor, entry, reading, night.client_id)
    landed = stage(cursor, entry, reading, choice, night)
    elapsed_seconds = time.monotonic() - started
    log.info("%s: %s: %d rows, %s (%s)", night.client_id, entry.model, landed.rows_read, choice.mode, choice.reason)
    return _Staged(entry=entry, choice=choice, landed=landed, elapsed_seconds=elapsed_seconds)


def _land_entry(cursor: DatabaseCursor, item: _Staged, reading: Reading, night: Night) -> Landed:
    started = time.monotonic()
    entry, landed = item.entry, item.landed
    if item.choice is None:
        landed.add(land_absent(cursor, entry, night))
        proof = prove_absent(cursor, entry, night)
    else:
        if not item.choice.is_first:
            if landed.rows_read:
                landed.add(merge(cursor, entry, night))
            if isinstance(item.choice.scope, Everything):
                landed.add(bury(cursor, entry, night))
        proof = prove(cursor, entry, reading, night)
        landed.add(proof.repaired)
        move_watermark(cursor, entry, reading, night)
    _record_entry(cursor, item, proof, night, elapsed_seconds=item.elapsed_seconds + time.monotonic() - started)
    bookkeeping.record_coverage(cursor, entry, reading, night)
    return landed


def _record_entry(cursor: DatabaseCursor, item: _Staged, proof: Proof, night: Night, *, elapsed_seconds: float) -> None:
    mode = item.choice.mode if item.choice else "absent"
    reason = item.choice.reason if item.choice else proof.method
    bookkeeping.record_extract(
        cursor, item.entry, night, mode=mode, reason=reason, landed=item.landed, proof=proof, seconds=elapsed_seconds
    )
    bookkeeping.record_completeness(cursor, item.entry, night, proof)


@contextmanager
def _naming(client_id: str) -> Iterator[None]:
    """Give errors that arise below without a client the client's name."""
    try:
        yield
    except DriftlineError as error:
        error.client_id = error.client_id or client_id
        raise


def _record_failure(cursor: DatabaseCursor, night: Night, error: BaseException) -> None:
    try:
        bookkeeping.fail_client_run(cursor, night, error)
    except Exception:
        # The warehouse is gone, too: the error that is on its way out is the news; `finish` closes the open row.
        log.exception("%s: the failure could not be recorded", night.client_id)


def _refuse_unknown(conf: Mapping[str, object]) -> None:
    unknown = sorted(set(conf) - set(CONF_KEYS))
    if unknown:
        raise ConfigError(
            f"run configuration: unknown key '{unknown[0]}'.", hint=f"Known: {', '.join(CONF_KEYS)}. Nothing was run."
        )
    if "client" in conf and not conf["client"]:
        raise ConfigError("run configuration: 'client' is empty.", hint="Leave it out to run all clients.")


def _as_of_on(value: object, *, now: datetime) -> date | None:
    if value is None:
        return None
    try:
        as_of_on = date.fromisoformat(str(value))
    except ValueError:
        raise ConfigError(
            f"run configuration: as_of_on '{value}' is not a date.", hint="Expected YYYY-MM-DD."
        ) from None
    if as_of_on >= now.astimezone(UTC).date():
        raise ConfigError(
            f"run configuration: as_of_on {as_of_on} is not in the past.", hint="Leave it out for tonight."
        )
    return as_of_on
