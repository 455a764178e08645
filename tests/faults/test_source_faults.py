"""A source that refuses, hangs, lacks or lies costs its own client the night and nobody else anything."""

from __future__ import annotations

import socket
import threading
import time

import psycopg2
import pytest
from conftest import run_autocommit, run_sql
from driftline import night
from driftline.catalogue import load_catalogue
from driftline.errors import (
    AlreadyRunningError,
    ConfigError,
    SourceAccessDenied,
    SourceShapeError,
    SourceUnavailable,
)
from driftline.grants import SECOND_FACTOR_VIEW, grant_script
from driftline.registry import load_registry
from nights import plan_night, run_night, unlike_source
from psycopg2.extensions import make_dsn

from demo.postgres import free_port


def raw_counts(warehouse) -> dict[str, int]:
    return {entry.table: warehouse.rows(f"select count(*) from raw.{entry.table}")[0][0] for entry in load_catalogue()}


def assert_failed(warehouse, number: int, *, word: str) -> None:
    rows = warehouse.rows(
        "select state, error_message from ops.client_run where night_id = %s and client_id = 'aegean'",
        f"night {number}",
    )
    assert [state for state, _ in rows] == ["failed"]
    assert word in rows[0][1]
    assert "client 'aegean'" in rows[0][1]


def test_a_source_that_refuses_is_unavailable_and_leaves_everything_as_it_was(warehouse, odoo_source):
    run_night(warehouse, odoo_source, 1)
    before = raw_counts(warehouse)
    nobody = f"postgresql://u:hunter2@127.0.0.1:{free_port()}/odoo"
    with pytest.raises(SourceUnavailable, match="client 'aegean': its database cannot be reached") as caught:
        run_night(warehouse, nobody, 2)
    assert caught.value.is_retryable
    assert caught.value.exit_code == 3
    assert "hunter2" not in str(caught.value)
    assert_failed(warehouse, 2, word="cannot be reached")
    assert raw_counts(warehouse) == before
    assert warehouse.rows("select distinct night_id from ops.watermark") == [("night 1",)]
    assert run_night(warehouse, odoo_source, 3).state == "succeeded"


def test_a_wrong_password_is_an_access_problem_and_is_not_repeated(warehouse, odoo_source):
    with pytest.raises(SourceAccessDenied, match="refused the login") as caught:
        run_night(warehouse, make_dsn(odoo_source, password="hunter2"), 1)
    assert "hunter2" not in str(caught.value)
    assert not caught.value.is_retryable


def test_an_address_that_is_no_url_is_not_quoted(warehouse):
    with pytest.raises(SourceUnavailable, match="not a valid libpq URL") as caught:
        run_night(warehouse, "postgresql://u:hunter2@h/d?nonsense=1", 1)
    assert "hunter2" not in str(caught.value)


def test_a_missing_connection_names_the_variable_to_set(warehouse):
    with pytest.raises(ConfigError, match="AIRFLOW_CONN_ODOO_AEGEAN is not set") as caught:
        night.read_client(warehouse.settings, night_id=plan_night(warehouse, 1), client_id="aegean")
    assert caught.value.exit_code == 2
    assert_failed(warehouse, 1, word="AIRFLOW_CONN_ODOO_AEGEAN")


def test_a_database_that_is_no_odoo_is_said_to_be_none(warehouse, new_database):
    with pytest.raises(SourceShapeError, match="client 'aegean': the database has no table ir_module_module"):
        run_night(warehouse, new_database("empty"), 1)


def test_a_missing_table_is_named_and_nothing_lands(warehouse, odoo_source):
    run_sql(odoo_source, "drop table res_company cascade")
    with pytest.raises(SourceShapeError, match="client 'aegean': its database lacks the table res_company"):
        run_night(warehouse, odoo_source, 1)
    assert set(raw_counts(warehouse).values()) == {0}


def test_a_column_of_another_type_is_named(warehouse, odoo_source):
    run_sql(odoo_source, "alter table res_users alter column active type text")
    with pytest.raises(SourceShapeError, match=r"res_users\.active is text, the catalogue reads it as boolean"):
        run_night(warehouse, odoo_source, 1)


def test_a_value_that_its_type_cannot_take_is_told_without_the_value(warehouse, odoo_source):
    run_sql(odoo_source, "alter table account_analytic_line alter column unit_amount type numeric")
    run_sql(
        odoo_source,
        "update account_analytic_line set unit_amount = '1e400' where id = (select min(id) from account_analytic_line)",
    )
    with pytest.raises(SourceShapeError, match="account_analytic_line: unit_amount holds a value") as caught:
        run_night(warehouse, odoo_source, 1)
    assert "000000" not in str(caught.value)
    assert set(raw_counts(warehouse).values()) == {0}


def test_another_version_than_pinned_is_refused(warehouse, odoo_source):
    run_sql(odoo_source, "update ir_module_module set latest_version = '18.0.1.3' where name = 'base'")
    with pytest.raises(SourceShapeError, match=r"clients.yml says Odoo 17.0, the database says 18.0"):
        run_night(warehouse, odoo_source, 1)


def test_an_unknown_version_is_refused(warehouse, odoo_source):
    run_sql(odoo_source, "update ir_module_module set latest_version = 'saas~17.2.1.3' where name = 'base'")
    with pytest.raises(SourceShapeError, match=r"version of module base: 'saas~17\.2\.1\.3' is not a supported"):
        run_night(warehouse, odoo_source, 1)


def test_a_locked_table_is_waited_for_only_so_long(warehouse, odoo_source, registry_file):
    limited = registry_file(warehouse, aegean={"limits": {"lock_timeout_seconds": 1}})
    blocker = psycopg2.connect(odoo_source)
    with blocker.cursor() as cursor:
        cursor.execute("lock table res_partner in access exclusive mode")
        with pytest.raises(SourceUnavailable, match="a table stayed locked for 1 s"):
            run_night(limited, odoo_source, 1)
    blocker.close()
    assert run_night(limited, odoo_source, 2).state == "succeeded"


def test_a_server_that_accepts_and_never_answers_is_given_up(warehouse, registry_file):
    limited = registry_file(warehouse, aegean={"limits": {"connect_timeout_seconds": 2}})
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"postgresql://u:hunter2@127.0.0.1:{silent.getsockname()[1]}/odoo"
        with pytest.raises(SourceUnavailable, match=r"cannot be reached: .*timeout expired"):
            run_night(limited, address, 1)
    assert_failed(limited, 1, word="timeout expired")


def test_a_statement_that_takes_too_long_is_cut_off(warehouse, odoo_source, registry_file):
    limited = registry_file(warehouse, aegean={"limits": {"statement_timeout_seconds": 1, "lock_timeout_seconds": 60}})
    blocker = psycopg2.connect(odoo_source)
    with blocker.cursor() as cursor:
        cursor.execute("lock table res_partner in access exclusive mode")
        with pytest.raises(SourceUnavailable, match="ran longer than 1 s"):
            run_night(limited, odoo_source, 1)
    blocker.close()


def test_exactly_the_printed_grants_are_enough_and_reach_no_secret(warehouse, odoo_source, pg_server):
    client = load_registry(warehouse.settings.clients_file).client("aegean")
    run_sql(odoo_source, grant_script(client, load_catalogue(), role="least_reader"))
    run_autocommit(pg_server.url(), "alter role least_reader password 'known'")
    reader = make_dsn(odoo_source, user="least_reader", password="known")
    assert run_night(warehouse, reader, 1).state == "succeeded"
    # The view of second factors is somebody else's: what is not granted with it is not read, and keeps nothing back.
    assert warehouse.rows("select count(*) from raw.driftline_second_factor") == [(0,)]
    run_sql(odoo_source, f"drop view {SECOND_FACTOR_VIEW}")
    assert unlike_source(warehouse, odoo_source) == []
    for statement in (
        "select password from res_users",
        "select description from helpdesk_ticket",
        "delete from res_users",
    ):
        with pytest.raises((psycopg2.errors.InsufficientPrivilege, psycopg2.errors.ReadOnlySqlTransaction)):
            run_sql(reader, statement)


def test_a_missing_right_is_named_by_table_and_column_before_any_row_moves(warehouse, odoo_source, pg_server):
    client = load_registry(warehouse.settings.clients_file).client("aegean")
    run_sql(odoo_source, grant_script(client, load_catalogue(), role="poor_reader"))
    run_autocommit(pg_server.url(), "alter role poor_reader password 'known'")
    run_sql(odoo_source, "revoke select (login, xmin) on res_users from poor_reader")
    with pytest.raises(
        SourceAccessDenied, match=r"may not select xmin, login of res_users\. .*driftline grants --client aegean"
    ):
        run_night(warehouse, make_dsn(odoo_source, user="poor_reader", password="known"), 1)
    assert set(raw_counts(warehouse).values()) == {0}


def test_odd_text_and_numbers_arrive_as_they_are(warehouse, odoo_source):
    odd = [
        "a\nb\r\nc\td",
        "back\\slash \\N \\. \\\\",
        "\u202eright to left\u202c \u200f",
        "x" * 1_000_000,
        "",
        " ",
        "\x01\x7f",
        "😀𝔘",
    ]
    connection = psycopg2.connect(odoo_source)
    with connection, connection.cursor() as cursor:
        cursor.execute("select id from res_partner order by id limit %s", (len(odd),))
        for (row_id,), text in zip(cursor.fetchall(), odd, strict=True):
            cursor.execute("update res_partner set name = %s where id = %s", (text, row_id))
        cursor.execute("select array_agg(id) from (select id from account_analytic_line order by id limit 5) x")
        ids = cursor.fetchone()[0]
        values = [
            ("9999-12-31", "NaN"),
            ("0001-01-01", "-1e308"),
            ("2026-02-28", "1e-300"),
            ("2026-03-01", "Infinity"),
            ("2026-03-02", "0"),
        ]
        for row_id, (date, amount) in zip(ids, values, strict=True):
            cursor.execute(
                "update account_analytic_line set date = %s, unit_amount = %s where id = %s", (date, amount, row_id)
            )
        for row_id, amount in zip(ids, ["NaN", "12345678901234567890123456789.123456789"], strict=False):
            cursor.execute("update account_analytic_line set amount = %s where id = %s", (amount, row_id))
        cursor.execute("update res_users set create_date = '9999-12-31 23:59:59.999999' where id = 2")
        cursor.execute("update res_users set write_date = '0001-01-01' where id = 2")
    connection.close()
    run_night(warehouse, odoo_source, 1)
    assert unlike_source(warehouse, odoo_source) == []
    stored = {name for (name,) in warehouse.rows("select name from raw.res_partner")}
    assert set(odd) <= stored


def test_two_readings_of_one_client_exclude_each_other(warehouse, odoo_source):
    blocker = psycopg2.connect(odoo_source)
    with blocker.cursor() as cursor:
        cursor.execute("lock table res_partner in access exclusive mode")
        first: list[object] = []
        thread = threading.Thread(target=lambda: first.append(run_night(warehouse, odoo_source, 1)))
        thread.start()
        wait_for(warehouse, "select 1 from ops.client_run where state = 'running'")
        with pytest.raises(AlreadyRunningError, match="client 'aegean': a reading is already running"):
            run_night(warehouse, odoo_source, 2)
        blocker.rollback()
        thread.join()
    blocker.close()
    assert [report.state for report in first] == ["succeeded"]
    assert unlike_source(warehouse, odoo_source) == []


def test_a_source_that_drops_the_connection_in_the_middle_leaves_nothing_behind(warehouse, odoo_source, pg_server):
    blocker = psycopg2.connect(odoo_source)
    caught: list[BaseException] = []

    def read() -> None:
        try:
            run_night(warehouse, odoo_source, 1)
        except SourceUnavailable as error:
            caught.append(error)

    with blocker.cursor() as cursor:
        # The tables before this one in the catalogue's order have been copied when the reading stops here.
        cursor.execute("lock table res_users in access exclusive mode")
        thread = threading.Thread(target=read)
        thread.start()
        name = odoo_source.rsplit("/", 1)[1]
        query = "select pid from pg_stat_activity where datname = %s and wait_event_type = 'Lock'"
        pid = wait_for_row(pg_server.url(), query, name)
        run_sql(pg_server.url(), "select pg_terminate_backend(%s)", pid)
        thread.join()
    blocker.close()
    assert [type(error) for error in caught] == [SourceUnavailable]
    assert set(raw_counts(warehouse).values()) == {0}
    assert warehouse.rows("select count(*) from ops.watermark") == [(0,)]


def wait_for(warehouse, query: str) -> None:
    wait_for_row(warehouse.url, query)


def wait_for_row(url: str, query: str, *parameters: object) -> object:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        rows = run_sql(url, query, *parameters)
        if rows:
            return rows[0][0]
        time.sleep(0.05)
    raise AssertionError(f"nothing came of: {query}")
