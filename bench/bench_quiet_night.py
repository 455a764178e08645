"""A night over a million tickets without any change, with one in a thousand changed, and read in full once more.

The measure is what a night must do at least: look at the source's row versions, digest (id, row version) on both
sides, one statement after another, each sending only its result.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import NamedTuple

from bench.figures import Figure
from bench.nights import read_clients
from bench.servers import CLIENT_ID, bench_server, grow_tickets, make_source, new_warehouse, rows
from demo.postgres import EmbeddedPostgres

ROUNDS = 5
QUIET_LIMIT_RATIO = 1.5
CHANGED_LIMIT_RATIO = 2.0

_SCAN = (
    "select count(*) from only helpdesk_ticket where xmin::text::bigint >= 3"
    " and ((xmin::text::bigint - {xmin} + 4294967296) % 4294967296) < 1"
)
_SOURCE_DIGEST = (
    "select id / 4096, count(*), sum(hashint8extended(id, xmin::text::bigint)) from only helpdesk_ticket group by 1"
)
_WAREHOUSE_DIGEST = (
    "select id / 4096, count(*), sum(hashint8extended(id, _row_version)) from only raw.helpdesk_ticket"
    f" where client_id = '{CLIENT_ID}' and _deleted_at is null group by 1"
)


class Write(NamedTuple):
    """What a night did to the tickets in the warehouse."""

    written: int  # rows inserted, updated or tombstoned
    marked: int  # rows whose page was written although their values stayed (row locks)


def measure(row_count: int = 1_000_000) -> Iterator[Figure]:
    with bench_server() as server:
        yield from _measure(server, row_count)


def _measure(server: EmbeddedPostgres, row_count: int) -> Iterator[Figure]:
    source, warehouse = make_source(server), new_warehouse(server, "bench_night")
    grow_tickets(source, row_count)
    _night(source, warehouse)
    rows(warehouse, "vacuum analyze raw.helpdesk_ticket")
    least, quiet, changed = [], [], []
    for number in range(ROUNDS):
        least.append(_least(source, warehouse))
        quiet.append(_night(source, warehouse))
        changed_count = _change(source, one_in=1000, remainder=number)
        before = _transaction_id(warehouse)
        changed.append(_night(source, warehouse))
        assert _written_since(warehouse, before).written == changed_count > 0
    least_seconds, quiet_seconds = statistics.median(least), statistics.median(quiet)
    yield Figure(
        "quiet_night.least", least_seconds, "s", note="row-version scan, source digest, warehouse digest, in turn"
    )
    yield Figure(
        "quiet_night.no_change", quiet_seconds, "s", vs="quiet_night.least", ratio=quiet_seconds / least_seconds,
        limit=QUIET_LIMIT_RATIO, note=f"{row_count} tickets and all other models, median of {ROUNDS}",
    )  # fmt: skip
    changed_seconds = statistics.median(changed)
    yield Figure(
        "quiet_night.one_in_a_thousand", changed_seconds, "s", vs="quiet_night.no_change",
        ratio=changed_seconds / quiet_seconds, limit=CHANGED_LIMIT_RATIO,
        note=f"{changed_seconds / least_seconds:.2f} times quiet_night.least",
    )  # fmt: skip
    rows(warehouse, "vacuum analyze raw.helpdesk_ticket")
    rows(warehouse, "update ops.watermark set shape_hash = 'another'")
    before = _transaction_id(warehouse)
    reread_seconds = _night(source, warehouse)
    full = "select rows_read from ops.extract_run where model = 'helpdesk.ticket' and mode = 'full'"
    assert rows(warehouse, full) == [(row_count,), (row_count,)], "the first load and this one read everything"
    write = _written_since(warehouse, before)
    yield Figure("quiet_night.reread", reread_seconds, "s", note="every row read and compared, nothing had changed")
    yield Figure("quiet_night.reread_rows_touched", write.written, "rows", limit=0)
    yield Figure("quiet_night.reread_rows_marked", write.marked, "rows", limit=0, note="row locks dirty pages, too")


def _night(source: str, warehouse: str) -> float:
    return read_clients(warehouse, {CLIENT_ID: source})[0].elapsed_seconds


def _least(source: str, warehouse: str) -> float:
    xmin = rows(source, "select txid_snapshot_xmin(txid_current_snapshot()) % 4294967296")[0][0]
    started = time.monotonic()
    assert rows(source, _SCAN.format(xmin=xmin)) == [(0,)]
    digests = rows(source, _SOURCE_DIGEST), rows(warehouse, _WAREHOUSE_DIGEST)
    elapsed_seconds = time.monotonic() - started
    assert sorted(digests[0]) == sorted(digests[1]) != []
    return elapsed_seconds


def _change(source: str, *, one_in: int, remainder: int) -> int:
    changed = rows(
        source,
        f"update helpdesk_ticket set name = name || '.' where id % {one_in} = {remainder} returning id",
    )
    return len(changed)


def _transaction_id(warehouse: str) -> int:
    return int(rows(warehouse, "select txid_current()")[0][0])


def _written_since(warehouse: str, transaction_id: int) -> Write:
    query = "select count(*) filter (where xmin::text::bigint > {0}), count(*) filter (where xmax::text::bigint > {0})"
    return Write(*rows(warehouse, f"{query.format(transaction_id)} from only raw.helpdesk_ticket")[0])
