"""Reading over RPC: 50,000 partners and 100,000 tickets from the demo server, against a plain odoorpc loop.

Server and reader share two cores, so both are slower than apart; the ratio is what counts. The reader's own CPU is
that of its process alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figures import Figure
from bench.servers import bench_server, grow_tickets, make_source, new_warehouse, rows
from demo.postgres import free_port

PARTNER_COUNT, TICKET_COUNT = 50_000, 100_000
SPEED_LIMIT_RATIO = 1 / 3
CPU_LIMIT_RATIO = 0.3
_PARTNERS = (
    "insert into res_partner (id, {columns}) select {highest} + n, {columns} from"
    " (select * from res_partner order by id limit 1) model, generate_series(1, {count}) n"
)


@dataclass(frozen=True)
class Cost:
    """What a reading cost its own process."""

    elapsed_seconds: float
    cpu_seconds: float
    row_count: int
    call_count: int


def measure() -> Iterator[Figure]:
    """Give the plain loop's seconds, ours over odoorpc and JSON-2, and our own CPU's share."""
    with bench_server() as server:
        source = make_source(server)
        _grow_partners(source)
        grow_tickets(source, TICKET_COUNT)
        warehouse = new_warehouse(server, "warehouse")
        with _served(source, "17.0") as url:
            peer = _read("peer", url, warehouse)
            ours = _read("ours", url, warehouse)
        assert peer.row_count == ours.row_count == PARTNER_COUNT + TICKET_COUNT
        yield Figure(
            "rpc.odoorpc_loop", peer.elapsed_seconds, "s", note=f"{peer.row_count} rows, {peer.call_count} calls"
        )
        yield Figure(
            "rpc.reading", ours.elapsed_seconds, "s", vs="rpc.odoorpc_loop",
            ratio=ours.elapsed_seconds / peer.elapsed_seconds, limit=SPEED_LIMIT_RATIO,
            note=f"into the warehouse, {ours.call_count} calls, {ours.row_count / ours.elapsed_seconds:.0f} rows/s",
        )  # fmt: skip
        yield Figure(
            "rpc.reader_cpu", ours.cpu_seconds, "s", vs="rpc.reading", ratio=ours.cpu_seconds / ours.elapsed_seconds,
            limit=CPU_LIMIT_RATIO, note="of the reading's elapsed time",
        )  # fmt: skip


def _grow_partners(source: str) -> None:
    (highest, present), *_ = rows(source, "select max(id), count(*) from res_partner")
    columns = rows(
        source,
        "select string_agg(quote_ident(attname), ', ') from pg_attribute"
        " where attrelid = 'res_partner'::regclass and attnum > 0 and not attisdropped and attname <> 'id'",
    )[0][0]
    rows(source, _PARTNERS.format(columns=columns, highest=highest, count=PARTNER_COUNT - present))
    rows(source, "vacuum analyze res_partner")


@contextmanager
def _served(source: str, version: str) -> Iterator[str]:
    """Run the demo server in a process of its own; give the address that a client's connection would hold."""
    port = free_port()
    with TemporaryDirectory() as folder:
        accounts = Path(folder) / "accounts.yml"
        accounts.write_text("users: {admin: right}\napi_keys: {right: admin}\n")
        command = [sys.executable, "-m", "demo.server", "--version", version, "--accounts", str(accounts)]
        environment = {**os.environ, "DEMO_ODOO_DATABASE_URL": source}
        with Path(os.devnull).open("w") as silence:
            server = subprocess.Popen(
                [*command, "--port", str(port), "--database", "bench"],
                env=environment, stdout=subprocess.PIPE, stderr=silence, text=True,
            )  # fmt: skip
            try:
                assert server.stdout is not None
                assert "Odoo" in server.stdout.readline()
                yield f"http://admin:right@127.0.0.1:{port}/bench"
            finally:
                server.terminate()
                server.wait()


def _read(who: str, url: str, warehouse: str) -> Cost:
    result = subprocess.run(
        [sys.executable, "-m", "bench.one_remote", who],
        env={**os.environ, "BENCH_ODOO_URL": url, "BENCH_WAREHOUSE_URL": warehouse},
        check=True,
        stdout=subprocess.PIPE,
    )
    return Cost(**json.loads(result.stdout))
