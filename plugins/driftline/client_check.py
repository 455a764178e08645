"""Look at a client's Odoo before its first night, or when a night complained: can it be read, and all of it?

Nothing is landed; what the account can see is recorded in `ops.visibility`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftline import bookkeeping, visibility
from driftline.catalogue import Catalogue, Entry, load_catalogue
from driftline.connections import client_url
from driftline.errors import DriftlineError
from driftline.registry import load_registry
from driftline.sources import Reading, open_reading
from driftline.visibility import Sight
from driftline.warehouse import Role, connect

if TYPE_CHECKING:
    from driftline.settings import Settings


@dataclass(frozen=True)
class ModelCheck:
    """One model: 'readable', 'partly visible', 'hidden', 'not there' or 'wrong', with what to know about it."""

    model: str
    state: str
    visible_count: int | None
    missing_fields: Mapping[str, str]
    reason: str


@dataclass(frozen=True)
class ClientCheck:
    """What a look at one client's Odoo gave."""

    client_id: str
    transport: str
    odoo_version: str
    reader_user_id: int | None
    models: list[ModelCheck]
    calls: int

    @property
    def problems(self) -> list[ModelCheck]:
        """The models that cannot be read although the client's Odoo has them."""
        return [check for check in self.models if check.state in ("hidden", "wrong")]


def check_client(settings: Settings, *, client_id: str, connection: str | None = None) -> ClientCheck:
    """Open a reading, look at every model, count what can be seen; raise SourceError where none can be opened."""
    client = load_registry(settings.clients_file).client(client_id)
    catalogue = load_catalogue()
    url = connection or client_url(settings, client_id)
    with connect(settings, role=Role.LOADER) as warehouse, warehouse.cursor() as cursor:
        now = bookkeeping.clock(cursor)
        with open_reading(client, url=url, catalogue=catalogue, salt=settings.hash_salt, now=now) as reading:
            problems, readable = _shapes(catalogue, reading)
            counts = {entry.model: _count(entry, reading) for entry in readable}
            sights = visibility.look(cursor, readable, reading, client_id, counts)
            visibility.record(cursor, sights, client_id=client_id, night_id=None, at=now)
            return ClientCheck(
                client_id=client_id,
                transport=reading.transport,
                odoo_version=str(reading.version),
                reader_user_id=reading.reader_user_id,
                models=_checks(catalogue, reading, problems, sights),
                calls=reading.footprint.calls,
            )


def _shapes(catalogue: Catalogue, reading: Reading) -> tuple[dict[str, str], list[Entry]]:
    problems: dict[str, str] = {}
    for entry in catalogue:
        try:
            reading.shape(entry)
        except DriftlineError as error:
            problems[entry.model] = f"{error.message} {error.hint or ''}".strip()
    return problems, [entry for entry in catalogue if entry.model not in problems]


class _Nowhere:
    """A sink for rows that are only counted."""

    def write(self, data: bytes) -> int:
        return len(data)


def _count(entry: Entry, reading: Reading) -> int | None:
    """Count what the source lists where that may differ from what it counts: over RPC."""
    if reading.transport == "postgres" or entry.kind != "model" or not reading.shape(entry).is_present:
        return None
    return reading.write_keys(entry, _Nowhere())  # type: ignore[arg-type]


def _checks(
    catalogue: Catalogue, reading: Reading, problems: Mapping[str, str], sights: list[Sight]
) -> list[ModelCheck]:
    seen = {sight.model: sight for sight in sights}
    states = {"full": "readable", "partial": "partly visible", "none": "hidden"}
    checks = []
    for entry in catalogue:
        sight = seen.get(entry.model)
        if entry.model in problems:
            checks.append(ModelCheck(entry.model, "wrong", None, {}, problems[entry.model]))
        elif sight is None:
            missing = reading.shape(entry).missing
            checks.append(ModelCheck(entry.model, "not there", None, {}, next(iter(missing.values()), "")))
        else:
            missing = {} if sight.verdict == "none" else reading.shape(entry).missing
            checks.append(ModelCheck(entry.model, states[sight.verdict], sight.visible_count, missing, sight.reason))
    return checks
