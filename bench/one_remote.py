"""Read two models over RPC in a process of its own: with this project's reader, or with a plain odoorpc loop.

Prints one JSON line: seconds, the process's own CPU seconds, rows, calls. Addresses come from the environment.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime

import odoorpc
import psycopg2
from driftline.addresses import parse_http
from driftline.catalogue import OdooVersion, load_catalogue
from driftline.landing import fill_stage
from driftline.registry import Client
from driftline.sources import Everything, open_reading

MODELS = ("res.partner", "helpdesk.ticket")
PEER_PAGE_ROWS = 100
_UNBOUNDED = {"rpc_calls_per_second": 1000}


def ours(url: str, warehouse: str) -> None:
    """Read both models into stage tables of the warehouse."""
    client = Client(
        client_id="bench", name="Bench", timezone="UTC", tickets={"source": "helpdesk"}, limits=_UNBOUNDED
    )  # fmt: skip
    catalogue = load_catalogue()
    connection = psycopg2.connect(warehouse)
    now = datetime.now(UTC)
    with (
        connection.cursor() as cursor,
        open_reading(client, url=url, catalogue=catalogue, salt="bench", now=now) as reading,
    ):
        before = reading.footprint.calls
        started = _Clock()
        count = sum(fill_stage(cursor, catalogue[model], reading, Everything()).rows_read for model in MODELS)
        started.stop()
        _print(started, count, reading.footprint.calls - before)
    connection.close()


def peer(url: str) -> None:
    """Read the same fields of the same models as a script would: `search_read`, 100 a page, by offset."""
    address = parse_http(url, client_id="bench")
    odoo = odoorpc.ODOO(address.host, port=address.port, timeout=120)
    odoo.login(address.database, address.login, address.secret)
    started, count, calls = _Clock(), 0, 0
    for model in MODELS:
        fields = [column.source for column in load_catalogue()[model].columns_for(OdooVersion(17))]
        known = odoo.execute_kw(model, "fields_get", [], {"attributes": ["store"]})
        wanted = [name for name in fields if known.get(name, {}).get("store")]
        offset = 0
        while True:
            options = {"offset": offset, "limit": PEER_PAGE_ROWS, "order": "id", "context": {"active_test": False}}
            page = odoo.execute_kw(model, "search_read", [[], wanted], options)
            calls += 1
            if not page:
                break
            count += len(page)
            offset += PEER_PAGE_ROWS
    started.stop()
    _print(started, count, calls)


class _Clock:
    """Elapsed and own CPU seconds since it was made."""

    def __init__(self) -> None:
        self._elapsed, self._cpu = time.monotonic(), time.process_time()
        self.elapsed_seconds = self.cpu_seconds = 0.0

    def stop(self) -> None:
        self.elapsed_seconds = time.monotonic() - self._elapsed
        self.cpu_seconds = time.process_time() - self._cpu


def _print(clock: _Clock, row_count: int, call_count: int) -> None:
    found = {"row_count": row_count, "call_count": call_count}
    print(json.dumps({"elapsed_seconds": clock.elapsed_seconds, "cpu_seconds": clock.cpu_seconds, **found}))


if __name__ == "__main__":
    if sys.argv[1] == "ours":
        ours(os.environ["BENCH_ODOO_URL"], os.environ["BENCH_WAREHOUSE_URL"])
    else:
        peer(os.environ["BENCH_ODOO_URL"])
