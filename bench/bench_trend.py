"""How often a trend is claimed that is not there, and missed that is: the verdicts' own SQL over simulated clients.

The rates do not depend on the machine: the seed is fixed. The seconds are those of the four models over all clients.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
from driftline import transform
from driftline.migrate import migrate
from driftline.settings import Settings

from bench.figures import Figure
from bench.trend_rates import SCENARIOS, measure_rates
from demo.postgres import EmbeddedPostgres

REPOSITORY = Path(__file__).resolve().parents[1]
SEED, CLIENTS = 1, 2_000
NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)


def measure(client_count: int = CLIENTS) -> Iterator[Figure]:
    folder = REPOSITORY / "build" / "bench-postgres"
    server = EmbeddedPostgres(folder, settings={"shared_buffers": "1GB", "max_wal_size": "8GB"}).start()
    try:
        settings = Settings.from_environment(
            {
                "DRIFTLINE_WAREHOUSE_URL": server.url("postgres"),
                "DRIFTLINE_HASH_SALT": "bench",
                "DRIFTLINE_BUILD_DIR": str(REPOSITORY / "build" / "bench-dbt"),
            }
        )
        migrate(settings)
        built = transform.build(settings, night_id=None, as_of_at=None, quarter=None, now=NOW)
        connection = psycopg2.connect(settings.warehouse_url, options="-c TimeZone=UTC")
        connection.autocommit = True
        started = time.monotonic()
        with connection.cursor() as cursor:
            rates = measure_rates(settings, cursor, build_id=built.build_id, seed=SEED, client_count=client_count)
        seconds = time.monotonic() - started
        connection.close()
    finally:
        server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)
    for rate in rates:
        shares = ", ".join(f"{trend} {share:.4f}" for trend, share in rate.verdicts.items())
        note = "; ".join(filter(None, (f"{client_count} clients", rate.scenario.note, shares)))
        yield Figure(f"trend.{rate.scenario.name}", rate.value, "share", limit=rate.scenario.limit, note=note)
    yield Figure(
        "trend.simulation", seconds, "s", note=f"{len(SCENARIOS)} x {client_count} clients drawn, loaded, judged"
    )
