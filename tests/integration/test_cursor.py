"""The row-version cursor misses nothing: what Odoo's write_date cannot see, late commits, rewrites, other databases."""

from __future__ import annotations

import psycopg2
import pytest
from conftest import Warehouse, make_settings, run_autocommit, run_sql
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nights import run_night, unlike_source


def repaired(warehouse, number: int) -> int:
    query = "select sum(buckets_repaired) from ops.extract_run where night_id = %s"
    return warehouse.rows(query, f"night {number}")[0][0]


def reason(warehouse, number: int, model: str) -> str:
    query = "select reason from ops.extract_run where night_id = %s and model = %s"
    return warehouse.rows(query, f"night {number}", model)[0][0]


def test_a_transaction_that_commits_late_is_read_the_next_night_without_repair(warehouse, odoo_source):
    late = psycopg2.connect(odoo_source)
    with late.cursor() as cursor:
        cursor.execute("update res_partner set name = 'late' where id = (select min(id) from res_partner)")
        run_sql(odoo_source, "update res_company set name = 'early'")
        run_night(warehouse, odoo_source, 1)
        assert warehouse.rows("select count(*) from raw.res_partner where name = 'late'") == [(0,)]
        late.commit()
    late.close()
    run_night(warehouse, odoo_source, 2)
    assert warehouse.rows("select count(*) from raw.res_partner where name = 'late'") == [(1,)]
    assert repaired(warehouse, 2) == 0
    assert unlike_source(warehouse, odoo_source) == []


def test_a_prepared_transaction_that_commits_days_later_is_read(warehouse, odoo_source):
    connection = psycopg2.connect(odoo_source)
    connection.tpc_begin("late one")
    with connection.cursor() as cursor:
        cursor.execute("update res_partner set name = 'prepared' where id = (select min(id) from res_partner)")
    connection.tpc_prepare()
    run_night(warehouse, odoo_source, 1)
    run_night(warehouse, odoo_source, 2)
    connection.tpc_commit()
    connection.close()
    run_night(warehouse, odoo_source, 3)
    assert warehouse.rows("select count(*) from raw.res_partner where name = 'prepared'") == [(1,)]
    assert repaired(warehouse, 3) == 0


def test_a_membership_that_moves_no_write_date_is_seen(warehouse, odoo_source):
    run_night(warehouse, odoo_source, 1)
    removed = run_sql(odoo_source, "delete from res_groups_users_rel where uid = 2 returning uid, gid")
    assert removed
    run_night(warehouse, odoo_source, 2)
    gone = warehouse.rows("select uid, gid from raw.res_groups_users_rel where _deleted_at is not null")
    assert sorted(gone) == sorted(removed)
    run_sql(odoo_source, "insert into res_groups_users_rel (uid, gid) values (%s, %s)", *removed[0])
    run_night(warehouse, odoo_source, 3)
    assert unlike_source(warehouse, odoo_source) == []


def test_a_table_rewritten_by_vacuum_full_and_cluster_needs_no_second_reading(warehouse, odoo_source):
    run_night(warehouse, odoo_source, 1)
    run_autocommit(odoo_source, "vacuum full freeze res_partner")
    run_autocommit(odoo_source, "cluster res_users using res_users_pkey")
    report = run_night(warehouse, odoo_source, 2)
    assert repaired(warehouse, 2) == 0
    assert unlike_source(warehouse, odoo_source) == []
    assert report.row_count < 2_000  # the relation tables, which are read in full every night


def test_a_column_added_with_a_default_makes_a_full_reading(warehouse, odoo_source):
    run_sql(odoo_source, "alter table res_partner drop column is_company")
    run_night(warehouse, odoo_source, 1)
    coverage = "select is_present, reason from ops.field_coverage where model = 'res.partner' and field = 'is_company'"
    assert warehouse.rows(coverage) == [(False, "no column is_company in res_partner")]
    run_sql(odoo_source, "alter table res_partner add column is_company boolean default true")
    run_night(warehouse, odoo_source, 2)
    assert reason(warehouse, 2, "res.partner") == "the table's columns changed"
    assert warehouse.rows(coverage) == [(True, "")]
    assert unlike_source(warehouse, odoo_source) == []


def test_a_copy_of_the_database_is_another_database(warehouse, odoo_source, new_database):
    run_night(warehouse, odoo_source, 1)
    copy = new_database("copy", template=odoo_source.rsplit("/", 1)[1])
    run_sql(copy, "delete from helpdesk_ticket where id = (select max(id) from helpdesk_ticket)")
    run_night(warehouse, copy, 2)
    assert reason(warehouse, 2, "helpdesk.ticket") == "the database is another one (restored, copied or moved)"
    assert unlike_source(warehouse, copy) == []


def test_a_module_that_was_uninstalled_leaves_tombstones(warehouse, odoo_source):
    run_night(warehouse, odoo_source, 1)
    count = warehouse.rows("select count(*) from raw.helpdesk_ticket")[0][0]
    assert count > 100
    run_sql(odoo_source, "drop table helpdesk_ticket cascade")
    run_night(warehouse, odoo_source, 2)
    query = "select verdict, warehouse_count, tombstone_count from ops.completeness where night_id = %s and model = %s"
    assert warehouse.rows(query, "night 2", "helpdesk.ticket") == [("absent", 0, count)]


_STEP = st.tuples(
    st.sampled_from(["insert", "update", "delete", "archive", "savepoint"]),
    st.integers(0, 10_000),
    st.sampled_from(["commit", "rollback", "late"]),
)


@settings(suppress_health_check=list(HealthCheck))
@given(nights=st.lists(st.lists(_STEP, max_size=12), min_size=2, max_size=3))
def test_any_history_ends_with_raw_equal_to_the_source(new_pair, nights):
    warehouse, source = new_pair()
    run_night(warehouse, source, 1)
    for number, steps in enumerate(nights, start=2):
        late = [connection for step in steps if (connection := _do(source, *step))]
        run_night(warehouse, source, number)
        for connection in late:
            connection.commit()
            connection.close()
    run_night(warehouse, source, 20)
    assert unlike_source(warehouse, source) == []


def _do(url: str, kind: str, seed: int, fate: str):
    """Change one partner in a transaction of its own; give the connection back when it is to commit late."""
    connection = psycopg2.connect(url, options="-c lock_timeout=200ms -c session_replication_role=replica")
    try:
        with connection.cursor() as cursor:
            cursor.execute("select array_agg(id order by id) from res_partner")
            ids = cursor.fetchone()[0]
            row_id = ids[seed % len(ids)]
            match kind:
                case "insert":
                    cursor.execute("select nextval('res_partner_id_seq')")
                    cursor.execute("insert into res_partner (id, name) values (%s, 'new')", (cursor.fetchone()[0],))
                case "update":
                    cursor.execute("update res_partner set name = %s where id = %s", (f"n {seed}", row_id))
                case "delete":
                    cursor.execute("delete from res_partner where id = %s", (row_id,))
                case "archive":
                    cursor.execute(
                        "update res_partner set active = not coalesce(active, true) where id = %s", (row_id,)
                    )
                case "savepoint":
                    cursor.execute("savepoint s")
                    cursor.execute("update res_partner set name = 'lost' where id = %s", (row_id,))
                    cursor.execute("rollback to savepoint s")
                    cursor.execute("update res_partner set name = 'kept' where id = %s", (row_id,))
    except psycopg2.errors.LockNotAvailable:
        fate = "rollback"
    if fate == "late":
        return connection
    connection.commit() if fate == "commit" else connection.rollback()
    connection.close()
    return None


@pytest.fixture
def new_pair(request, new_database):
    """Give a function that makes a fresh warehouse and a fresh Odoo for each example of a property."""
    templates = [request.getfixturevalue(name) for name in ("_warehouse_template", "_aegean_template")]

    def make() -> tuple[Warehouse, str]:
        url, source = (new_database("example", template=template) for template in templates)
        return Warehouse(url=url, settings=make_settings(url)), source

    return make
