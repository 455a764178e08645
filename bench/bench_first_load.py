"""First full load of a client with a million tickets, against `COPY | COPY` into the same keyed table and against dlt.

The first peer is psql piped into psql, with the same columns and the same primary key. The second is dlt's
`sql_database` with the pyarrow backend, same columns, no key. Ours does the whole night of that client: every
catalogued model, landing in one transaction, digests of both sides, bookkeeping. The peers copy the tickets alone, so
that what the same night takes without the million tickets stands apart: the load of the tickets is what they add to it.
"""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Iterator

from driftline.catalogue import OdooVersion, load_catalogue
from driftline.migrate import raw_columns

from bench import dlt_peer
from bench.figures import Figure
from bench.nights import NightCost, read_clients
from bench.servers import (
    CLIENT_ID,
    PSQL,
    bench_server,
    drop_database,
    grow_tickets,
    make_source,
    new_warehouse,
    psql_environment,
    rows,
)
from demo.postgres import EmbeddedPostgres

ROUNDS = 3
COPY_LIMIT_RATIO, NIGHT_LIMIT_RATIO = 1.2, 1.5
DLT_LIMIT_RATIO = 0.25
MEMORY_LIMIT_MB = 300


def measure(row_count: int = 1_000_000) -> Iterator[Figure]:
    with bench_server() as server:
        yield from _measure(server, row_count)


def _measure(server: EmbeddedPostgres, row_count: int) -> Iterator[Figure]:
    source = make_source(server)
    rest_seconds = statistics.median(_night(server, source).elapsed_seconds for _ in range(ROUNDS))
    table_mb = grow_tickets(source, row_count)
    columns = _columns(source)
    copies, ours = [], []
    for _ in range(ROUNDS):
        copies.append(_copy_to_copy(server, source, columns))
        ours.append(_night(server, source))
    copy_seconds = statistics.median(copies)
    night_seconds = statistics.median(cost.elapsed_seconds for cost in ours)
    yield Figure("first_load.copy_to_copy", copy_seconds, "s", note="psql | psql, same columns, same key")
    yield Figure("first_load.without_tickets", rest_seconds, "s", note="the same night before there were tickets")
    yield Figure(
        "first_load.tickets", night_seconds - rest_seconds, "s", vs="first_load.copy_to_copy",
        ratio=(night_seconds - rest_seconds) / copy_seconds, limit=COPY_LIMIT_RATIO,
        note=f"what {row_count} tickets, {table_mb} MB table, add to the night; their proof included",
    )  # fmt: skip
    yield Figure(
        "first_load.night", night_seconds, "s", vs="first_load.copy_to_copy", ratio=night_seconds / copy_seconds,
        limit=NIGHT_LIMIT_RATIO, note=f"all models and the proof, median of {ROUNDS}",
    )  # fmt: skip
    yield Figure("first_load.max_resident", max(cost.max_resident_mb for cost in ours), "MB", limit=MEMORY_LIMIT_MB)
    for file_format, limit in (("insert_values", DLT_LIMIT_RATIO), ("csv", None)):
        dlt_seconds = dlt_peer.load_seconds(
            server, source, columns=["id", *columns.values()], row_count=row_count, file_format=file_format
        )
        note = "dlt's default for PostgreSQL" if limit else "by COPY, when asked to; no limit"
        yield Figure(f"first_load.dlt_{file_format}", dlt_seconds, "s", note=f"sql_database, pyarrow backend; {note}")
        yield Figure(
            f"first_load.night_to_dlt_{file_format}", night_seconds, "s", vs=f"first_load.dlt_{file_format}",
            ratio=night_seconds / dlt_seconds, limit=limit,
        )  # fmt: skip


def _columns(source: str) -> dict[str, str]:
    """Give what the catalogue reads of a ticket: our name -> the source's column."""
    entry = load_catalogue()["helpdesk.ticket"]
    query = f"select attname from pg_attribute where attrelid = '{entry.table}'::regclass and not attisdropped"
    stored = {name for (name,) in rows(source, query)}
    present = {column.name: column.source for column in entry.columns_for(OdooVersion(17)) if column.source in stored}
    assert set(present) <= set(raw_columns(entry))
    return present


def _copy_to_copy(server: EmbeddedPostgres, source: str, columns: dict[str, str]) -> float:
    warehouse = new_warehouse(server, "bench_copy")
    lead = {"client_id": "'peer'", "_read_at": "now()", "_night_id": "'night'"}
    select = ", ".join([*lead.values(), "id", *columns.values(), "xmin::text::bigint"])
    target = ", ".join([*lead, "id", *columns, "_row_version"])
    started = time.monotonic()
    sender = subprocess.Popen(
        [*PSQL, "-c", f"copy (select {select} from helpdesk_ticket) to stdout"], env=psql_environment(source),
        stdout=subprocess.PIPE,
    )  # fmt: skip
    subprocess.run(
        [*PSQL, "-c", f"copy raw.helpdesk_ticket ({target}) from stdin"], env=psql_environment(warehouse),
        stdin=sender.stdout, check=True,
    )  # fmt: skip
    assert sender.wait() == 0
    elapsed_seconds = time.monotonic() - started
    drop_database(server, "bench_copy")
    return elapsed_seconds


def _night(server: EmbeddedPostgres, source: str) -> NightCost:
    cost = read_clients(new_warehouse(server, "bench_night"), {CLIENT_ID: source})[0]
    drop_database(server, "bench_night")
    return cost
