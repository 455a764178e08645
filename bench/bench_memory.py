"""Resident memory of a client's night at one million rows and at ten: it must not grow with the rows.

The first load and a quiet night after it are measured; rows are as narrow as can be, since their number is the point.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.figures import Figure
from bench.nights import read_clients
from bench.servers import CLIENT_ID, bench_server, drop_database, grow_tickets, make_source, new_warehouse
from demo.postgres import EmbeddedPostgres

SMALL, LARGE = 1_000_000, 10_000_000
LIMIT_MB = 300
LIMIT_RATIO = 1.1


def measure(small: int = SMALL, large: int = LARGE) -> Iterator[Figure]:
    with bench_server() as server:
        source = make_source(server)
        small_mb = _resident_mb(server, source, small)
        yield Figure(f"memory.at_{small}_rows", small_mb, "MB", limit=LIMIT_MB, note="first load, then a quiet night")
        large_mb = _resident_mb(server, source, large)
        yield Figure(f"memory.at_{large}_rows", large_mb, "MB", limit=LIMIT_MB, note="first load, then a quiet night")
        yield Figure(
            "memory.growth", large_mb, "MB", vs=f"memory.at_{small}_rows", ratio=large_mb / small_mb, limit=LIMIT_RATIO
        )


def _resident_mb(server: EmbeddedPostgres, source: str, row_count: int) -> float:
    grow_tickets(source, row_count, is_narrow=True)
    warehouse = new_warehouse(server, "bench_memory")
    costs = [read_clients(warehouse, {CLIENT_ID: source})[0] for _ in ("first load", "quiet night")]
    drop_database(server, "bench_memory")
    return max(cost.max_resident_mb for cost in costs)
