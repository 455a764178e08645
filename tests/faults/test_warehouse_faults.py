"""A warehouse that is down, full or restarted: a clear error, nothing half-written, and the next run goes on."""

from __future__ import annotations

import threading
from dataclasses import replace

import psycopg2
import pytest
from conftest import run_autocommit, run_sql
from driftline.errors import WarehouseError
from driftline.migrate import migrate
from driftline.status import read_status
from driftline.warehouse import BUILD_LOCK, hold_for_transaction
from nights import run_night, unlike_source
from psycopg2.extensions import make_dsn

from demo.postgres import free_port
from faults.test_source_faults import raw_counts, wait_for_row


def test_a_warehouse_that_is_down_is_said_to_be(warehouse):
    down = replace(warehouse.settings, warehouse_url=f"postgresql://u:hunter2@127.0.0.1:{free_port()}/w")
    with pytest.raises(WarehouseError, match=r"the warehouse cannot be reached.*DRIFTLINE_WAREHOUSE_URL") as caught:
        migrate(down)
    assert caught.value.exit_code == 3
    assert "hunter2" not in str(caught.value)


def test_a_warehouse_without_connections_left_is_said_to_be(warehouse, pg_server):
    run_autocommit(pg_server.url(), "create role crowded login password 'known' connection limit 1")
    run_autocommit(pg_server.url(), "grant driftline_loader, driftline_transformer to crowded")
    url = make_dsn(warehouse.url, user="crowded", password="known")
    first = psycopg2.connect(url)
    with pytest.raises(WarehouseError, match="too many connections for role"):
        read_status(replace(warehouse.settings, warehouse_url=url))
    first.close()


def test_a_warehouse_that_was_never_migrated_says_what_to_run(warehouse, new_database, pg_server):
    run_autocommit(pg_server.url(), "create role stranger login password 'known'")
    url = make_dsn(new_database("bare"), user="stranger", password="known")
    with pytest.raises(WarehouseError, match="driftline migrate"):
        run_night(replace(warehouse, settings=replace(warehouse.settings, warehouse_url=url)), "postgresql://h/d", 1)


def test_a_warehouse_that_drops_the_landing_keeps_nothing_of_it(warehouse, odoo_source, pg_server):
    run_night(warehouse, odoo_source, 1)
    before = raw_counts(warehouse)
    run_sql(odoo_source, "delete from mail_tracking_value where id in (select id from mail_tracking_value limit 50)")
    run_sql(odoo_source, "update res_partner set name = 'moved'")
    caught: list[BaseException] = []

    def read() -> None:
        try:
            run_night(warehouse, odoo_source, 2)
        except WarehouseError as error:
            caught.append(error)

    builder = psycopg2.connect(warehouse.url)
    with builder.cursor() as cursor:
        hold_for_transaction(cursor, BUILD_LOCK)
        thread = threading.Thread(target=read)
        thread.start()
        query = (
            "select pid from pg_stat_activity where datname = current_database() and wait_event = 'advisory'"
            " and application_name like '%%landing'"
        )
        pid = wait_for_row(warehouse.url, query)
        run_sql(pg_server.url(), "select pg_terminate_backend(%s)", pid)
        thread.join()
    builder.close()
    assert [type(error) for error in caught] == [WarehouseError]
    assert raw_counts(warehouse) == before
    assert warehouse.rows("select count(*) from raw.res_partner where name = 'moved'") == [(0,)]
    assert warehouse.rows("select distinct night_id from ops.watermark") == [("night 1",)]
    assert run_night(warehouse, odoo_source, 3).state == "succeeded"
    assert unlike_source(warehouse, odoo_source) == []
    assert warehouse.rows("select count(*) from raw.mail_tracking_value where _deleted_at is not null") == [(50,)]
