"""Nights in tests: plan, read one client, finish; and a comparison of everything with the source."""

from __future__ import annotations

from datetime import UTC, datetime

from driftline import night
from driftline.catalogue import OdooVersion
from driftline.client_night import ClientReport
from integration.odoo_source import differences


def run_night(
    warehouse, source_url: str, number: int, *, client_id: str = "aegean", kind: str = "nightly"
) -> ClientReport:
    """Do night `number` (the day of November 2026) of one client."""
    night_id = plan_night(warehouse, number, client_id=client_id, kind=kind)
    try:
        return night.read_client(warehouse.settings, night_id=night_id, client_id=client_id, connection=source_url)
    finally:
        night.finish(warehouse.settings, night_id=night_id)


def plan_night(warehouse, number: int, *, client_id: str = "aegean", kind: str = "nightly") -> str:
    night_id = f"night {number}"
    moment = datetime(2026, 11, number, 2, tzinfo=UTC)
    night.plan(warehouse.settings, night_id=night_id, now=moment, conf={"client": client_id}, kind=kind)
    return night_id


def unlike_source(warehouse, source_url: str, *, client_id: str = "aegean", version: str = "17.0") -> list[str]:
    """List every difference between raw and the source, column by column."""
    return differences(
        warehouse,
        source_url,
        client_id=client_id,
        version=OdooVersion.parse(version),
        salt=warehouse.settings.hash_salt,
    )
