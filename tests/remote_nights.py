"""Nights over odoorpc and JSON-2 in tests: the demo server over a test's own database, and a client that reads it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import yaml
from conftest import Warehouse, run_sql
from driftline import night
from driftline.catalogue import Catalogue, OdooVersion, Stored, load_catalogue
from driftline.night import ClientReport
from driftline.watching import Watch, unwatched
from integration.odoo_source import raw_rows, source_rows

from demo.server import OdooServer

NOW = "now() at time zone 'UTC'"  # what Odoo stamps rows with

# A machine that tests itself need not be gentle with itself.
QUICK = {"rpc_calls_per_second": 1000, "rpc_timeout_seconds": 20}
# Models of every kind: stamped and unstamped, read in full and by stamps, with secrets, of modules, and relations.
FEW_MODELS = (
    "res.users", "res.groups", "res.groups.users.rel", "res.groups.implied.rel", "res.company", "res.partner",
    "helpdesk.ticket", "ir.config_parameter", "ir.module.module", "res.users.log", "account.analytic.line",
)  # fmt: skip
ENTRY = {"name": "Test", "timezone": "UTC", "tickets": {"source": "helpdesk"}}


def few_models() -> Catalogue:
    """Give the catalogue's own entries of a few models: a night over them takes a fraction of a second."""
    return Catalogue({model: load_catalogue()[model] for model in FEW_MODELS})


def nights_without_turn(*, days: int = 2) -> int:
    """Find a number of nights between full readings at which none of the few models has its turn in the coming days."""
    today = int(time.time()) // 86_400
    turns = [
        int(hashlib.sha256(entry.model.encode()).hexdigest()[:16], 16)
        for entry in few_models()
        if entry.rpc_mode == "incremental"
    ]
    apart = (
        nights
        for nights in range(90, 0, -1)
        if all((turn + day) % nights for turn in turns for day in range(today, today + days))
    )
    return next(apart)


@dataclass
class Remote:
    """One client's Odoo behind its protocols, and the warehouse that its nights land in."""

    warehouse: Warehouse
    server: OdooServer
    database_url: str
    secret: str
    client_id: str = "aegean"
    direct: bool = False  # read from the database, not over its protocols

    @property
    def url(self) -> str:
        if self.direct:
            return self.database_url
        return f"http://admin:{self.secret}@{self.server.host}:{self.server.port}/{self.server.database}"

    def night(
        self,
        number: int,
        *,
        kind: str = "nightly",
        believed: frozenset[str] | None = frozenset(),
        url: str = "",
        watch: Watch | None = None,
    ) -> ClientReport:
        """Do night `number` (the day of November 2026)."""
        night_id = f"night {number}"
        settings = self.warehouse.settings
        moment = datetime(2026, 11, number, 2, tzinfo=UTC)
        night.plan(settings, night_id=night_id, now=moment, conf={"client": self.client_id}, kind=kind)
        try:
            return night.read_client(
                settings,
                night_id=night_id,
                client_id=self.client_id,
                connection=url or self.url,
                believed_models=believed,
                watch=watch or unwatched,
            )
        finally:
            night.finish(settings, night_id=night_id)

    def source(self, query: str, *parameters: object) -> list[tuple]:
        return run_sql(self.database_url, query, *parameters)

    def change(self, *statements: str) -> None:
        """Change rows as Odoo's own code would; foreign keys are not the subject."""
        run_sql(self.database_url, "set session_replication_role = replica;" + ";".join(statements))

    def landed(self) -> dict[str, object]:
        """Digest all that is landed and where the next night goes on: to see that nothing moved."""
        tables = [f'raw."{entry.table}"' for entry in load_catalogue()] + ["ops.watermark"]
        digests = " union all ".join(f"select '{t}', count(*), sum(hashtext(x::text)) from {t} x" for t in tables)
        return {table: rest for table, *rest in self.rows(digests)}

    def rows(self, query: str, *parameters: object) -> list[tuple]:
        return self.warehouse.rows(query, *parameters)

    def run_of(self, number: int, model: str) -> dict[str, object]:
        """What a night recorded of one model's reading and its proof."""
        names = ["mode", "reason", "rows_read", "rows_inserted", "rows_updated", "rows_tombstoned", "call_count",
                 "retry_count", "verdict", "held_count", "source_count", "warehouse_count"]  # fmt: skip
        rows = self.rows(
            f"select {', '.join(names)} from ops.extract_run join ops.completeness using (client_id, night_id, model)"
            " where client_id = %s and night_id = %s and model = %s",
            self.client_id,
            f"night {number}",
            model,
        )
        assert len(rows) == 1
        return dict(zip(names, rows[0], strict=True))

    def unlike_source(self, *, version: str = "17.0") -> list[str]:
        """List every difference between raw and the source, apart from what RPC cannot tell."""
        found, compared = [], 0
        for entry in few_models():
            source = source_rows(
                self.database_url, entry, OdooVersion.parse(version), client_id=self.client_id,
                salt=self.warehouse.settings.hash_salt,
            )  # fmt: skip
            raw = raw_rows(self.warehouse, entry, self.client_id)
            found += [f"{entry.model} {key}: in the source only" for key in sorted(source.keys() - raw.keys())]
            found += [f"{entry.model} {key}: in raw only" for key in sorted(raw.keys() - source.keys())]
            for key in source.keys() & raw.keys():
                compared += 1
                found += [
                    f"{entry.model} {key} {name}: {source[key][name]!r} != {raw[key][name]!r}"
                    for name, field in entry.all_fields.items()
                    if self._told(source[key][name], field) != self._told(raw[key][name], field)
                ]
        assert compared > 100
        return found

    def _told(self, value: object, field) -> object:
        """Bring a value to what this client's transport can tell of it."""
        if field.computed:
            return None  # no table has it
        if self.direct:
            return repr(value)
        if field.company_dependent:
            return None
        if field.lands_as is Stored.BOOLEAN:
            return bool(value)
        if field.lands_as in {Stored.INTEGER, Stored.FLOAT, Stored.MONETARY}:
            return float(value or 0)  # type: ignore[arg-type]
        return value.replace(microsecond=0) if isinstance(value, datetime) else value

    def failure(self, number: int) -> str:
        """What the client's run says of a night that failed."""
        rows = self.rows(
            "select state, error_class || ': ' || error_message from ops.client_run where night_id = %s"
            " and client_id = %s",
            f"night {number}",
            self.client_id,
        )
        assert [state for state, _ in rows] == ["failed"]
        return rows[0][1]


def serve(warehouse: Warehouse, url: str, folder, *, client_id: str, version: str) -> Iterator[Remote]:
    """Serve a database and register its client; from 19.0 on it is read over JSON-2, with a key."""
    limits = {"rpc_full_read_every_nights": nights_without_turn()}
    warehouse = with_clients(warehouse, folder, {client_id: {"limits": limits}})
    with OdooServer(url, version=version, users={"admin": "right"}, api_keys={"good-key": "admin"}) as server:
        yield Remote(warehouse, server, url, "good-key" if version == "19.0" else "right", client_id=client_id)


def with_clients(warehouse: Warehouse, folder, clients: dict[str, dict]) -> Warehouse:
    """Point a warehouse's settings at a registry of these clients, whose limits spare no machine."""
    entries = {
        name: {**ENTRY, **entry, "limits": {**QUICK, **entry.get("limits", {})}} for name, entry in clients.items()
    }
    path = folder / f"{'-'.join(clients)}.yml"
    path.write_text(yaml.safe_dump({"clients": entries}))
    return replace(warehouse, settings=replace(warehouse.settings, clients_file=path))
