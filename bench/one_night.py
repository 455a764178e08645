"""Read clients in a process of its own, one after another; print one JSON line of costs for each."""

from __future__ import annotations

import json
import secrets
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from driftline import night
from driftline.settings import Settings


def main(client_ids: list[str]) -> None:
    """Plan one night for all clients, then read those that are named."""
    settings = Settings.from_environment()
    night_id = f"bench_{secrets.token_hex(4)}"
    night.plan(settings, night_id=night_id, now=datetime.now(UTC), conf={})
    for client_id in client_ids:
        started = time.monotonic()
        night.read_client(settings, night_id=night_id, client_id=client_id)
        elapsed_seconds = time.monotonic() - started
        cost = {"client_id": client_id, "elapsed_seconds": elapsed_seconds, "max_resident_mb": max_resident_mb()}
        print(json.dumps(cost), flush=True)


def max_resident_mb() -> float:
    """Give this process's highest resident memory so far."""
    # Not getrusage: its ru_maxrss survives exec and would give the memory of the process that started this one.
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1]) / 1024


if __name__ == "__main__":
    main(sys.argv[1:])
