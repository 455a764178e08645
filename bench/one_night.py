"""Read one client in a process of its own, so that its memory is its own; print seconds and resident memory as JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from datetime import UTC, datetime

from driftline import night
from driftline.settings import Settings


def main(client_id: str) -> None:
    settings = Settings.from_environment()
    night.plan(settings, night_id="bench", now=datetime.now(UTC), conf={"client": client_id})
    started = time.monotonic()
    night.read_client(settings, night_id="bench", client_id=client_id)
    elapsed_seconds = time.monotonic() - started
    max_resident_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"elapsed_seconds": elapsed_seconds, "max_resident_mb": max_resident_mb}))


if __name__ == "__main__":
    main(sys.argv[1])
