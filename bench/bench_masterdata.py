"""Master data of many clients: how long all rules take over two million partners, and a night of few changes.

Every client has 20,000 partners, a third of them contacts, with bank accounts, products, invoices; one in fifty has
something wrong. The rows are made by SQL. Measured is what belongs to master data: check digits, tables, history and
tests; not what other marts share.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import psycopg2
from driftline import transform, transform_register
from driftline.identifiers import check_identifiers
from driftline.settings import Settings

from bench.bench_drift import new_warehouse
from bench.figures import Figure
from bench.nights import write_night
from demo.postgres import EmbeddedPostgres

REPOSITORY = Path(__file__).resolve().parents[1]
PARTNERS = 20_000
FIRST_NIGHT = datetime(2026, 11, 1, 2, tzinfo=UTC)
FULL_LIMIT_SECONDS, NIGHT_LIMIT_RATIO, MEMORY_LIMIT_MB = 600, 0.1, 50
_STAMPS = "create_date, write_date, write_uid"
_STAMPED = "'2026-01-01'::timestamptz, '2026-06-01'::timestamptz, 2"

# Per client c; n counts rows. Columns, values, rows a client. Belgian numbers end in 97 less the remainder of the eight
# digits before; one in a hundred is made wrong.
_VAT = (
    "'BE 0' || lpad({0}::text, 7, '0') || lpad((97 - {0} % 97 + case when n % 100 = 7 then 1 else 0 end)::text, 2, '0')"
)
_TABLES = {
    "res_country": ("id, code", "n, case n when 1 then 'BE' else 'DE' end", 2),
    "res_partner": (
        f"id, name, active, is_company, type, parent_id, commercial_partner_id, vat, street, zip, city, country_id,"
        f" email_hash, has_email, customer_rank, supplier_rank, {_STAMPS}",
        "n, 'Partner Nº ' || n / case when n % 200 = 0 then 400 else 1 end || ' S.A.R.L.', n % 40 <> 0, n % 3 <> 0,"
        " 'contact',"
        " case when n % 3 = 0 then n - 1 end, case when n % 3 = 0 then n - 1 else n end,"
        f" case when n % 3 <> 0 then {_VAT.format('(2000000 + c * 20011 + n)')} end,"
        " 'Rue ' || n % 700, lpad((n % 9000)::text, 5, '7'), 'Gent', case when n % 100 = 1 then null else 1 end,"
        " md5('mail ' || n / case when n % 150 = 0 then 300 else 1 end), true, n % 2, n % 5 / 4,"
        f" {_STAMPED}", PARTNERS,
    ),
    "res_partner_bank": (
        f"id, partner_id, sanitized_acc_number, active, {_STAMPS}",
        f"n, n * 3 + 1, lpad(n::text, 12, '3'), true, {_STAMPED}", PARTNERS // 10,
    ),
    "product_template": (
        f"id, name, active, uom_id, uom_po_id, list_price, sale_ok, purchase_ok, {_STAMPS}",
        f"n, 'Product ' || n, true, 1, 1, 1 + n % 50, true, true, {_STAMPED}", PARTNERS // 10,
    ),
    "product_product": (
        f"id, product_tmpl_id, active, default_code, barcode, {_STAMPS}",
        f"n, n, true, 'P' || n % 1990, lpad(n::text, 13, '4'), {_STAMPED}", PARTNERS // 10,
    ),
    "uom_uom": (
        f"id, name, factor, category_id, uom_type, active, {_STAMPS}",
        f"n, 'Unit ' || n, 1, n, 'reference', true, {_STAMPED}", 20,
    ),
    "account_account": (
        f"id, name, code, account_type, company_id, deprecated, {_STAMPS}",
        f"n, 'Account', n::text, 'income', 1, false, {_STAMPED}", 300,
    ),
    "account_journal": (
        f"id, name, type, default_account_id, active, {_STAMPS}", f"n, 'Journal', 'sale', n, true, {_STAMPED}", 10,
    ),
    "hr_employee": (
        f"id, name, active, company_id, department_id, job_id, parent_id, {_STAMPS}",
        f"n, 'Employee ' || n, true, 1, 1, 1, nullif(n / 10, 0), {_STAMPED}", 200,
    ),
    "account_move": (
        f"id, move_type, state, partner_id, commercial_partner_id, amount_residual, currency_id, date, {_STAMPS}",
        f"n, 'out_invoice', 'posted', n, n, n % 7 * 100, 1, '2026-10-01'::date + (n % 20)::integer, {_STAMPED}",
        PARTNERS // 2,
    ),
}  # fmt: skip


def measure(client_count: int = 100) -> Iterator[Figure]:
    folder = REPOSITORY / "build" / "bench-postgres"
    server = EmbeddedPostgres(folder, settings={"shared_buffers": "1GB", "max_wal_size": "8GB"}).start()
    try:
        yield from _measure(new_warehouse(server, "masterdata"), client_count)
    finally:
        server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


def _measure(settings: Settings, client_count: int) -> Iterator[Figure]:
    connection = psycopg2.connect(settings.warehouse_url, options="-c TimeZone=UTC")
    connection.autocommit = True
    cursor = connection.cursor()
    _plant(cursor, client_count)
    size = f"{client_count} clients x {PARTNERS} partners"
    digits, full, grown = _build(settings, cursor, 1)
    cursor.execute("select count(*), count(*) filter (where is_in_use) from masterdata.exception")
    found, _ = cursor.fetchone()
    assert found > PARTNERS * client_count / 100, found
    yield Figure("masterdata.check_digits", digits, "s", note=f"{size}; every number once")
    yield Figure("masterdata.check_digits_memory", grown, "MB", limit=MEMORY_LIMIT_MB, note="growth of the process")
    yield Figure(
        "masterdata.full_build", digits + full, "s", limit=FULL_LIMIT_SECONDS,
        note=f"{size}; {found} exceptions; check digits, tables, history and tests",
    )  # fmt: skip
    changed = _change(cursor)
    digits_again, again, _ = _build(settings, cursor, 2)
    yield Figure(
        "masterdata.changed_night", digits_again + again, "s", vs="masterdata.full_build",
        ratio=(digits_again + again) / (digits + full), limit=NIGHT_LIMIT_RATIO,
        note=f"{changed} partners changed",
    )  # fmt: skip
    connection.close()


def _plant(cursor: Any, client_count: int) -> None:
    cursor.execute(
        "insert into ops.client (client_id, name, timezone, ticket_source, is_active, registered_at)"
        " select 'client_' || c, 'Client', 'UTC', 'helpdesk', true, %s from generate_series(1, %s) c",
        (FIRST_NIGHT, client_count),
    )
    for table, (names, values, count) in _TABLES.items():
        cursor.execute(
            f"insert into raw.{table} (client_id, {names}, _row_version, _read_at, _night_id)"
            f" select 'client_' || c, {values}, 3, '{FIRST_NIGHT.isoformat()}', 'night 1'"
            f" from generate_series(1, {client_count}) c, generate_series(1, {count}) n"
        )
        cursor.execute(f"vacuum analyze raw.{table}")


def _change(cursor: Any) -> int:
    """One partner in a thousand of every client gets another number, name and address."""
    read_at = FIRST_NIGHT + timedelta(days=1)
    cursor.execute(
        "update raw.res_partner set name = name || ' new', vat = 'BE 0477.472.701', write_date = %s, _read_at = %s"
        " where id %% 1000 = 2",
        (read_at, read_at),
    )
    return int(cursor.rowcount)


def _build(settings: Settings, cursor: Any, number: int) -> tuple[float, float, float]:
    """Build a night; return seconds of check digits and of dbt's nodes of master data, MB grown by the former."""
    as_of_at = FIRST_NIGHT + timedelta(days=number - 1, hours=1)
    write_night(cursor, f"night {number}", as_of_at, read_after=timedelta(0))
    registered = transform_register.register(
        settings, night_id=f"night {number}", as_of_at=None, quarter=None, now=as_of_at + timedelta(hours=1)
    )
    with _Peak() as peak:
        started = time.monotonic()
        check_identifiers(settings, now=as_of_at)
        digits = time.monotonic() - started
    command = ["build", "--select", "+int_review__master_data", "--exclude-resource-type", "unit_test"]
    result = transform.run_dbt(settings, [*command, "--indirect-selection", "cautious"], variables=registered.variables)
    assert result.success, [item.message for item in result.result.results if item.status in ("error", "fail")]
    transform_register.finish(settings, registered.build_id, error_message=None)
    nodes = [item for item in result.result.results if "master" in item.node.name]
    assert len(nodes) > 40
    return digits, sum(item.execution_time for item in nodes), peak.grown_mb


class _Peak:
    """How far this process's memory grew above where it began."""

    def __enter__(self) -> _Peak:
        self._process, self._is_over = psutil.Process(), threading.Event()
        self._before = self._highest = self._process.memory_info().rss
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()
        return self

    def _look(self) -> None:
        while not self._is_over.wait(0.1):
            self._highest = max(self._highest, self._process.memory_info().rss)

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._watch.join()

    @property
    def grown_mb(self) -> float:
        return (self._highest - self._before) / 1e6
