"""Run nights as their users do, each in a process of its own, so that its memory and its start are its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

_DEMO_CLIENTS = Path(__file__).resolve().parents[1] / "demo" / "clients.yml"


@dataclass(frozen=True)
class NightCost:
    """What one client's night cost. Resident memory is the whole process's highest so far."""

    client_id: str
    elapsed_seconds: float
    max_resident_mb: float


def salted(warehouse: str) -> dict[str, str]:
    """Give the settings that every step needs."""
    return {"DRIFTLINE_WAREHOUSE_URL": warehouse, "DRIFTLINE_HASH_SALT": "bench"}


def night_environment(
    warehouse: str, sources: Mapping[str, str], *, clients_file: Path = _DEMO_CLIENTS
) -> dict[str, str]:
    """Give the environment of a process that reads these clients (id -> URL) into this warehouse."""
    addresses = {f"AIRFLOW_CONN_ODOO_{client_id.upper()}": url for client_id, url in sources.items()}
    return {**os.environ, **salted(warehouse), "DRIFTLINE_CLIENTS_FILE": str(clients_file), **addresses}


def read_clients(warehouse: str, sources: Mapping[str, str], *, clients_file: Path = _DEMO_CLIENTS) -> list[NightCost]:
    """Read the clients one after another, all in one process; imports and planning are not counted."""
    result = subprocess.run(
        [sys.executable, "-m", "bench.one_night", *sources],
        env=night_environment(warehouse, sources, clients_file=clients_file),
        check=True,
        stdout=subprocess.PIPE,
    )
    return [NightCost(**json.loads(line)) for line in result.stdout.splitlines()]


def write_night(
    cursor: Any, night_id: str, as_of_at: datetime, *, read_after: timedelta = timedelta(minutes=20)
) -> None:
    """Write down a night that read all clients, for rows that a bench planted in `raw` itself."""
    night = {"night": night_id, "at": as_of_at, "read_at": as_of_at + read_after}
    cursor.execute(
        "insert into ops.night (night_id, as_of_at, client_ids, state, started_at)"
        " select %(night)s, %(at)s, array_agg(client_id), 'finished', %(at)s from ops.client",
        night,
    )
    cursor.execute(
        "insert into ops.client_run (night_id, client_id, state, odoo_version, read_at, started_at)"
        " select %(night)s, client_id, 'succeeded', '17.0', %(read_at)s, %(at)s from ops.client",
        night,
    )
