"""The row-version cursor misses nothing: what Odoo's write_date cannot see, late commits, rewrites, other databases."""

from __future__ import annotations

import psycopg2
from conftest import run_autocommit, run_sql
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
