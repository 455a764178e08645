"""Whole nights over the data of real Odoo 17.0 and 19.0 servers, compared with the source value by value."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import psycopg2
import pytest
from conftest import run_sql
from driftline import night
from driftline.catalogue import OdooVersion

from integration.odoo_source import FACTS, differences, load_dump

DUMPS = ["demo-data.sql.gz", "demo-data-night2.sql.gz", "demo-data-night3.sql.gz"]
V17 = OdooVersion(17)

pytestmark = pytest.mark.skipif(not FACTS.is_dir(), reason="the recorded facts about Odoo are absent")


def run_night(warehouse, source_url: str, number: int, client_id: str = "real"):
    settings = warehouse.settings
    night_id = f"night {number}"
    moment = datetime(2026, 11, number, 2, tzinfo=UTC)
    night.plan(settings, night_id=night_id, now=moment, conf={"client": client_id})
    report = night.read_client(settings, night_id=night_id, client_id=client_id, connection=source_url)
    night.finish(settings, night_id=night_id)
    return report


@pytest.fixture
def real_client(warehouse, registry_file):
    return registry_file(warehouse, real={"odoo_version": "17.0"})


def test_three_evenings_of_a_real_server_land_exactly(real_client, new_database):
    warehouse = real_client
    for number, dump in enumerate(DUMPS, start=1):
        source = new_database("odoo17")
        load_dump(source, FACTS / "17.0" / dump)
        report = run_night(warehouse, source, number)
        assert report.state == "succeeded"
        assert report.row_count > 10_000
        assert differences(warehouse, source, client_id="real", version=V17, salt=warehouse.settings.hash_salt) == []
        verdicts = warehouse.rows(
            "select distinct verdict from ops.completeness where night_id = %s", f"night {number}"
        )
        assert sorted(verdicts) == [("absent",), ("complete",)]
    # Ticket 3 was deleted on the second evening: a tombstone with its last known values.
    assert warehouse.rows(
        "select name is not null from raw.helpdesk_ticket where id = 3 and _deleted_at is not null"
    ) == [(True,)]
    assert warehouse.rows("select reason from ops.extract_run where night_id = 'night 2' and model = 'res.users'") == [
        ("the database is another one (restored, copied or moved)",)
    ]


def test_an_evening_of_a_real_19_lands_exactly(warehouse, registry_file, new_database):
    warehouse = registry_file(warehouse, real={"odoo_version": "19.0"})
    source = new_database("odoo19")
    load_dump(source, FACTS / "19.0" / DUMPS[0])
    report = run_night(warehouse, source, 1)
    assert report.row_count > 40_000
    salt = warehouse.settings.hash_salt
    assert differences(warehouse, source, client_id="real", version=OdooVersion(19), salt=salt) == []
    # What has a value per company is JSON: company id → value, as Odoo has it.
    assert warehouse.rows(
        "select jsonb_typeof(standard_price), jsonb_typeof(standard_price -> '1') from raw.product_product"
        " where standard_price is not null group by 1, 2"
    ) == [("object", "number")]
    assert warehouse.rows("select count(*) > 20 from raw.account_account where code_store ->> '1' ~ '^[0-9]+$'") == [
        (True,)
    ]
    assert warehouse.rows("select name, category_id is not null from raw.res_groups_privilege where id = 1")[0][1]


def test_what_a_version_lacks_is_recorded_with_its_reason(real_client, new_database):
    source = new_database("odoo17")
    load_dump(source, FACTS / "17.0" / DUMPS[0])
    run_night(real_client, source, 1)
    reasons = dict(
        real_client.rows(
            "select model || ' ' || field, reason from ops.field_coverage where client_id = 'real' and not is_present"
        )
    )
    assert reasons["res.partner property_account_receivable_id"] == "stored in ir.property in Odoo 17.0"
    assert reasons["account.account code_store"] == "not in Odoo 17.0"
    assert reasons["helpdesk.ticket close_date"] == "no column close_date in helpdesk_ticket; it comes with helpdesk"
    assert reasons["helpdesk.stage name"] == "module helpdesk is not installed"
    unexplained = {
        name: reason for name, reason in reasons.items() if "no column" in reason and "comes with" not in reason
    }
    assert unexplained == {}


@pytest.mark.parametrize(("version", "dump"), [("17.0", DUMPS[2]), ("19.0", DUMPS[0])])
def test_no_secret_of_the_source_reaches_the_warehouse(warehouse, registry_file, new_database, version, dump):
    real_client = registry_file(warehouse, real={"odoo_version": version})
    source = new_database("odoo")
    load_dump(source, FACTS / version / dump)
    canaries = run_sql(source, "select count(*) from ir_config_parameter where value like '%%CANARY%%'")
    assert canaries[0][0] > 0
    run_night(real_client, source, 1)
    tables = real_client.rows(
        "select table_schema, table_name from information_schema.tables where table_schema in ('raw', 'ops')"
    )
    assert len(tables) > 100
    for schema, table in tables:
        hits = real_client.rows(f'select count(*) from "{schema}"."{table}" t where t::text ilike %s', "%CANARY-%")
        assert hits == [(0,)], f"{schema}.{table}"


def test_random_changes_are_all_seen_by_the_row_version_cursor(real_client, new_database):
    warehouse = real_client
    source = new_database("odoo17")
    load_dump(source, FACTS / "17.0" / DUMPS[2])
    run_night(warehouse, source, 1)
    rng = random.Random(17)
    for number in (2, 3):
        gone_count = _change_at_random(source, rng, count=300)
        assert gone_count > 0
        report = run_night(warehouse, source, number)
        assert differences(warehouse, source, client_id="real", version=V17, salt=warehouse.settings.hash_salt) == []
        assert 0 < report.row_count < 40_000
        modes = dict(
            warehouse.rows(
                "select mode, count(*) from ops.extract_run where night_id = %s group by 1", f"night {number}"
            )
        )
        assert modes["incremental"] > 60
        tombstoned = warehouse.rows(
            "select sum(rows_tombstoned) from ops.extract_run where night_id = %s", f"night {number}"
        )
        assert tombstoned == [(gone_count,)]


def test_a_night_without_any_change_touches_no_row(real_client, new_database):
    source = new_database("odoo17")
    load_dump(source, FACTS / "17.0" / DUMPS[0])
    run_night(real_client, source, 1)
    run_night(real_client, source, 2)
    totals = real_client.rows(
        "select sum(rows_inserted), sum(rows_updated), sum(rows_tombstoned), sum(buckets_repaired)"
        " from ops.extract_run where night_id = 'night 2'"
    )
    assert totals == [(0, 0, 0, 0)]


_TABLES = {
    "res_partner": "name = name || ' *'",
    "helpdesk_ticket": "priority = '2'",
    "ir_module_module": "author = coalesce(author, '') || '.'",
    "mail_message": "is_internal = not coalesce(is_internal, false)",
    "ir_model_data": "noupdate = not coalesce(noupdate, false)",
}


def _ids(url: str) -> set[tuple[str, int]]:
    return {(table, row[0]) for table in _TABLES for row in run_sql(url, f"select id from {table}")}


def _change_at_random(url: str, rng: random.Random, *, count: int) -> int:
    """Insert, update and delete without moving write_date, some rolled back; return how many old rows are gone."""
    before = _ids(url)
    connection = psycopg2.connect(url)
    with connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")  # the rows, not Odoo's constraints, are the subject
        connection.commit()
        for _ in range(count):
            table = rng.choice(list(_TABLES))
            row_id = _any_id(cursor, table, rng)
            cursor.execute("savepoint before")
            match rng.choice(["insert", "update", "update", "delete"]):
                case "update":
                    cursor.execute(f"update {table} set {_TABLES[table]} where id = %s", (row_id,))
                case "delete":
                    cursor.execute(f"delete from {table} where id = %s", (row_id,))
                case "insert":
                    _insert_like(cursor, table, row_id)
            fate = rng.random()
            if fate < 0.15:
                cursor.execute("rollback to savepoint before")
            elif fate < 0.3:
                connection.rollback()
                cursor.execute("set session_replication_role = replica")
            connection.commit()
    connection.close()
    return len(before - _ids(url))


def _any_id(cursor, table: str, rng: random.Random) -> int:
    keep = "name <> 'base'" if table == "ir_module_module" else "true"  # the module base tells the version
    cursor.execute(f"select array_agg(id order by id) from {table} where {keep}")
    return rng.choice(cursor.fetchone()[0])


def _insert_like(cursor, table: str, row_id: int) -> None:
    """Copy a row under a new id; `name`, which some tables want unique, is made from the id."""
    cursor.execute(
        "select array_agg(quote_ident(attname)) from pg_attribute where attrelid = %s::regclass"
        " and attnum > 0 and not attisdropped and attname <> 'id'",
        (table,),
    )
    columns = cursor.fetchone()[0]
    cursor.execute(f"select max(id) + 1 from {table}")
    new_id = cursor.fetchone()[0]
    values = [f"'copy_{new_id}'" if name == "name" else name for name in columns]
    query = f"insert into {table} (id, {', '.join(columns)}) select {new_id}, {', '.join(values)} from {table}"
    cursor.execute(f"{query} where id = %s", (row_id,))
