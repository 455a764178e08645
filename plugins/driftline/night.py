"""A night: plan it, read each client on its own, finish it. The same calls serve the DAGs and the command line."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from driftline import bookkeeping
from driftline.addresses import host_of
from driftline.catalogue import load_catalogue
from driftline.client_night import ClientReport, Manner, deadline_of, land_client
from driftline.connections import client_url
from driftline.errors import ConfigError, DriftlineError
from driftline.landing import Night
from driftline.registry import load_registry
from driftline.warehouse import Role, claim_for_session, claim_slot, connect
from driftline.watching import Watch, unwatched

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as DatabaseCursor

    from driftline.settings import Settings

log = logging.getLogger(__name__)

CONF_KEYS = {"nightly": ("client", "as_of_on"), "reconcile": ("client",)}
MOST_MAPPED_TASKS = 1_000


@dataclass(frozen=True)
class NightPlan:
    """Which clients are read, and the night's one moment."""

    night_id: str
    client_ids: list[str]
    as_of_at: datetime
    is_recomputation: bool
    kind: str


def plan(
    settings: Settings, *, night_id: str, now: datetime, conf: Mapping[str, object], kind: str = "nightly"
) -> NightPlan:
    """Check the run's configuration, register the clients and open the night.

    `conf` may name one `client` and a past day `as_of_on` (YYYY-MM-DD): that day is recomputed from history as of its
    end in UTC, and nothing is read. A night of kind 'reconcile' compares every value, and knows no past day. Raises
    ConfigError for anything else: a mistyped key would run everybody.
    """
    registry = load_registry(settings.clients_file)
    load_catalogue()
    _refuse_unknown(conf, known=CONF_KEYS[kind])
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
        kind=kind,
    )
    with connect(settings, role=Role.LOADER) as connection, connection.cursor() as cursor:
        bookkeeping.register_clients(cursor, registry, now=now)
        bookkeeping.open_night(cursor, night, conf=conf, now=now, hours=settings.night_hours)
    return night


def read_client(
    settings: Settings,
    *,
    night_id: str,
    client_id: str,
    connection: str | None = None,
    believed_models: frozenset[str] | None = frozenset(),
    watch: Watch = unwatched,
) -> ClientReport:
    """Read one client's Odoo into `raw`, whole or not at all, and record the outcome in `ops.client_run`.

    `connection` is the client's address when the caller has resolved it (Airflow does); else the environment is asked.
    `believed_models` are those whose deletions over RPC are believed whatever their number (None: all). `watch` is told
    of progress. Raises a SourceError (this client is skipped), a WarehouseError (retry) or an AlreadyRunningError.
    """
    client = load_registry(settings.clients_file).client(client_id)
    catalogue = load_catalogue()
    with connect(settings, role=Role.LOADER, application=f"driftline {client_id}") as control:
        control.autocommit = True
        with control.cursor() as cursor:
            planned = bookkeeping.planned_night(cursor, night_id)
            if planned.is_recomputation:
                log.info("%s: a past day is recomputed from history; nothing is read", client_id)
                return ClientReport(client_id=client_id, state="skipped")
            claim_for_session(cursor, f"driftline:client:{client_id}", what="a reading", client_id=client_id)
            started_at = bookkeeping.clock(cursor)
            night = Night(client_id=client_id, night_id=night_id, as_of_at=planned.as_of_at, read_at=started_at)
            bookkeeping.start_client_run(cursor, night)
            try:
                url = connection or client_url(settings, client_id)
                deadline = deadline_of(client, planned)
                slot_count = client.limits.readings_per_host
                slot = f"driftline:host:{host_of(url)}"
                claim_slot(cursor, slot, slot_count=slot_count, deadline=deadline.at, client_id=client_id)
                manner = Manner(compares_values=planned.kind == "reconcile", believed_models=believed_models)
                return land_client(
                    settings, client, catalogue, url=url, night=night, deadline=deadline, manner=manner, watch=watch
                )
            except BaseException as error:
                _record_failure(cursor, night, error)
                raise


def batches(client_ids: Sequence[str], *, most: int = MOST_MAPPED_TASKS) -> list[list[str]]:
    """Share clients out over at most so many tasks: one each as long as there are enough tasks.

    Airflow maps a task over at most `core.max_map_length` values, 1,024 unless set otherwise.
    """
    size = -(-len(client_ids) // most) or 1
    return [list(client_ids[at : at + size]) for at in range(0, len(client_ids), size)]


def read_clients(
    settings: Settings, *, night_id: str, client_ids: Sequence[str], find_connection: Callable[[str], str | None]
) -> list[ClientReport]:
    """Read several clients one after the other; one that fails does not keep the next from being read.

    Raises an error once all have had their turn, so that the caller fails: one that is worth a retry, if there is one.
    """
    reports: list[ClientReport] = []
    failures: list[Exception] = []
    for client_id in client_ids:
        try:
            connection = find_connection(client_id)
            reports.append(read_client(settings, night_id=night_id, client_id=client_id, connection=connection))
        except Exception as error:
            failures.append(error)
            if len(client_ids) > 1:
                log.error("%s: %s", client_id, error, exc_info=not isinstance(error, DriftlineError))
    if failures:
        raise next((error for error in failures if getattr(error, "is_retryable", False)), failures[0])
    return reports


def finish(settings: Settings, *, night_id: str) -> None:
    """Close the night; a client that is still marked as running by then did not finish and is recorded as failed."""
    with connect(settings, role=Role.LOADER) as connection, connection.cursor() as cursor:
        bookkeeping.finish_night(cursor, night_id)


def _record_failure(cursor: DatabaseCursor, night: Night, error: BaseException) -> None:
    try:
        bookkeeping.fail_client_run(cursor, night, error)
    except Exception:
        # The warehouse is gone, too: the error that is on its way out is the news; `finish` closes the open row.
        log.exception("%s: the failure could not be recorded", night.client_id)


def _refuse_unknown(conf: Mapping[str, object], *, known: Sequence[str]) -> None:
    unknown = sorted(set(conf) - set(known))
    if unknown:
        raise ConfigError(
            f"run configuration: unknown key '{unknown[0]}'.", hint=f"Known: {', '.join(known)}. Nothing was run."
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
