"""Nights over odoorpc and JSON-2 in tests: the demo server over a test's own database, and a client that reads it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import yaml
from conftest import Warehouse, run_sql
from driftline import night
from driftline.night import ClientReport

from demo.server import OdooServer

# A machine that tests itself need not be gentle with itself.
QUICK = {"rpc_calls_per_second": 1000, "rpc_timeout_seconds": 20}
ENTRY = {"name": "Test", "timezone": "UTC", "tickets": {"source": "helpdesk"}}


@dataclass
class Remote:
    """One client's Odoo behind its protocols, and the warehouse that its nights land in."""

    warehouse: Warehouse
    server: OdooServer
    database_url: str
    secret: str
    client_id: str = "aegean"

    @property
    def url(self) -> str:
        return f"http://admin:{self.secret}@{self.server.host}:{self.server.port}/{self.server.database}"

    def night(
        self, number: int, *, kind: str = "nightly", believed: frozenset[str] | None = frozenset(), url: str = ""
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
            )
        finally:
            night.finish(settings, night_id=night_id)

    def source(self, query: str, *parameters: object) -> list[tuple]:
        return run_sql(self.database_url, query, *parameters)

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


def with_clients(warehouse: Warehouse, folder, clients: dict[str, dict]) -> Warehouse:
    """Point a warehouse's settings at a registry of these clients, whose limits spare no machine."""
    entries = {
        name: {**ENTRY, **entry, "limits": {**QUICK, **entry.get("limits", {})}} for name, entry in clients.items()
    }
    path = folder / "clients.yml"
    path.write_text(yaml.safe_dump({"clients": entries}))
    return replace(warehouse, settings=replace(warehouse.settings, clients_file=path))
