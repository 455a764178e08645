"""Nights over RPC miss nothing: what write_date tells, what it does not, and what is not to be believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg2
import pytest
from conftest import run_sql
from driftline.catalogue import Catalogue, load_catalogue
from driftline.registry import load_registry
from driftline.sources import Cursor
from driftline.sources.remote import open_remote_reading
from remote_nights import NOW, Remote, few_models, nights_without_turn

from demo.server import NoRights, OdooServer


def test_what_odoo_stamps_and_what_it_does_not_stamp_is_there_the_next_night(remote):
    remote.night(1)
    assert remote.unlike_source() == []
    users = "select id from res_users where login <> 'admin' and active order by id"
    first, second = (row[0] for row in remote.source(users)[:2])
    remote.change(
        f"update res_partner set name = 'renamed', write_date = {NOW} where id = (select max(id) - 7 from res_partner)",
        f"update helpdesk_ticket set active = false, write_date = {NOW} where id in (select id from helpdesk_ticket"
        " where active order by id limit 3)",
        "insert into res_partner (id, name, active, create_date, write_date)"
        f" values (800001, 'new', true, {NOW}, {NOW})",
        # An import that brings its stamps along: no window of write_date shows it.
        "insert into res_partner (id, name, active, create_date, write_date)"
        " values (800002, 'imported', true, '2020-01-01', '2020-01-01')",
        "delete from account_analytic_line where id in (select id from account_analytic_line order by id limit 4)",
        # A member taken out from the group's side, one put in from the user's: neither moves a write_date.
        f"delete from res_groups_users_rel where uid = {first} and gid = (select min(gid) from res_groups_users_rel"
        f" where uid = {first})",
        f"insert into res_groups_users_rel (uid, gid) select {second}, min(id) from res_groups where id not in"
        f" (select gid from res_groups_users_rel where uid = {second})",
    )
    remote.night(2)
    assert remote.unlike_source() == []
    partners, lines = remote.run_of(2, "res.partner"), remote.run_of(2, "account.analytic.line")
    assert partners["mode"] == lines["mode"] == "incremental"
    assert (partners["rows_read"], partners["rows_inserted"], partners["rows_updated"]) == (3, 2, 1)
    assert (lines["rows_tombstoned"], lines["verdict"], lines["held_count"]) == (4, "complete", 0)
    assert lines["source_count"] == lines["warehouse_count"]
    memberships = remote.run_of(2, "res.groups.users.rel")
    assert (memberships["rows_inserted"], memberships["rows_tombstoned"]) == (1, 1)


def test_a_model_that_was_empty_shows_its_first_rows(remote):
    remote.change(
        "create table lines_put_by as select * from account_analytic_line", "delete from account_analytic_line"
    )
    remote.night(1)
    assert remote.run_of(1, "account.analytic.line")["source_count"] == 0
    remote.night(2)
    remote.change(
        "insert into account_analytic_line select * from lines_put_by limit 3",
        f"update account_analytic_line set write_date = {NOW}",
    )
    remote.night(3)
    assert remote.unlike_source() == []
    lines = remote.run_of(3, "account.analytic.line")
    assert (lines["mode"], lines["rows_inserted"], lines["source_count"]) == ("incremental", 3, 3)


def test_a_transaction_that_commits_late_is_read_as_long_as_it_began_within_the_overlap(remote):
    late = psycopg2.connect(remote.database_url)
    with late.cursor() as cursor:
        cursor.execute(f"update res_partner set name = 'late', write_date = {NOW} - interval '119 minutes'"
                       " where id = (select min(id) from res_partner)")  # fmt: skip
        remote.night(1)
        late.commit()
    late.close()
    remote.night(2)
    assert remote.rows("select count(*) from raw.res_partner where name = 'late'") == [(1,)]
    assert remote.run_of(2, "res.partner")["mode"] == "incremental"


def test_an_update_without_a_stamp_is_found_when_every_row_is_read_and_when_every_value_is_compared(remote):
    silent = "update res_partner set name = {} where id = (select min(id) + 3 from res_partner)"
    unstamped = (
        "update account_analytic_line set write_date = null where id = (select max(id) from account_analytic_line)"
    )
    remote.change(unstamped)
    remote.night(1)
    remote.change(silent.format("'changed by SQL'"))
    remote.night(2)
    assert [line for line in remote.unlike_source() if "changed by SQL" not in line] == []
    assert len(remote.unlike_source()) == 1  # write_date did not tell
    nights = nights_without_turn()
    run_sql(
        remote.warehouse.url,
        f"update ops.watermark set full_read_at = full_read_at - interval '{nights} days' where model = 'res.partner'",
    )
    remote.night(3)
    assert remote.run_of(3, "res.partner")["reason"] == f"every model is read in full at least every {nights} nights"
    assert remote.run_of(3, "res.partner")["rows_updated"] == 1
    assert remote.unlike_source() == []
    remote.change(
        silent.format("'again'"),
        "update account_analytic_line set name = 'no clock' where write_date is null",
        f"update helpdesk_ticket set name = 'told', write_date = {NOW} where id % 50 = 0",
    )
    report = remote.night(4, kind="reconcile")
    assert remote.unlike_source() == []
    found = dict(remote.rows("select model, (verdict, repaired_count)::text from ops.reconciliation"))
    assert set(found) == {entry.model for entry in few_models()}
    assert found.pop("res.partner") == found.pop("account.analytic.line") == "(repaired,1)"
    assert {model for model, outcome in found.items() if outcome != "(equal,0)"} == set()
    assert report.repaired_count == 2


def test_every_model_has_its_turn_of_a_full_reading_once_in_so_many_nights(remote):
    turns: dict[str, int] = {}
    limits = {"rpc_full_read_every_nights": 7, "rpc_calls_per_second": 1000}
    registry = load_registry(remote.warehouse.settings.clients_file)
    client = registry.client("aegean").model_copy(
        update={"limits": registry.client("aegean").limits.model_copy(update=limits)}
    )
    began = datetime.now(UTC)
    for day in range(7):
        remote.server.clock_offset_seconds = 86_400 * day
        now = began + timedelta(days=day)
        with open_remote_reading(client, url=remote.url, catalogue=Catalogue({}), salt="", now=now) as reading:
            for entry in load_catalogue():
                just_read = Cursor(reading.position, reading.identity, "", entry.entry_hash, full_read_at=now)
                turns[entry.model] = turns.get(entry.model, 0) + bool(reading.full_reason(entry, just_read))
    assert {turns[entry.model] for entry in load_catalogue() if entry.rpc_mode == "incremental"} == {1}
    assert {turns[entry.model] for entry in load_catalogue() if entry.rpc_mode == "full"} == {7}


def test_more_deletions_than_are_believed_are_held_until_somebody_believes_them(remote):
    remote.night(1)
    count = remote.rows("select count(*) from raw.helpdesk_ticket")[0][0]
    gone = count // 10
    assert gone > 10
    remote.change(
        f"delete from helpdesk_ticket where id in (select id from helpdesk_ticket order by id limit {gone})",
        f"update helpdesk_ticket set name = 'still read', write_date = {NOW}"
        " where id = (select max(id) from helpdesk_ticket)",
    )
    live = "select count(*) from raw.helpdesk_ticket where _deleted_at is null"
    for number, believed in ((2, frozenset()), (3, frozenset({"res.partner"}))):
        report = remote.night(number, believed=believed)
        tickets = remote.run_of(number, "helpdesk.ticket")
        assert (report.held_count, tickets["held_count"], tickets["verdict"]) == (gone, gone, "held")
        assert (tickets["source_count"], tickets["warehouse_count"]) == (count - gone, count)
        assert remote.rows(live) == [(count,)]
    assert remote.rows("select count(*) from raw.helpdesk_ticket where name = 'still read'") == [(1,)]
    report = remote.night(4, believed=None)
    assert (report.held_count, remote.run_of(4, "helpdesk.ticket")["verdict"]) == (0, "complete")
    assert remote.rows(live) == [(count - gone,)]
    assert remote.unlike_source() == []


def test_a_model_that_goes_out_of_sight_keeps_its_rows_and_comes_back_with_what_changed(remote):
    remote.night(1)
    count = remote.rows("select count(*) from raw.helpdesk_ticket where _deleted_at is null")
    hidden = remote.server.faults.add(NoRights(), model="helpdesk.ticket", times=None)
    remote.night(2)
    assert remote.rows("select count(*) from raw.helpdesk_ticket where _deleted_at is null") == count
    assert remote.run_of(2, "helpdesk.ticket")["verdict"] == "hidden"
    assert remote.rows("select verdict, reason from ops.visibility where model = 'helpdesk.ticket'") == [
        ("none", "the account may not read helpdesk.ticket")
    ]
    remote.change(f"update helpdesk_ticket set name = 'meanwhile', write_date = {NOW} where id % 50 = 0")
    remote.server.faults.remove(hidden)
    remote.night(3)
    assert remote.unlike_source() == []
    assert remote.rows("select verdict from ops.visibility where model = 'helpdesk.ticket'") == [("full",)]


def test_rows_that_a_rule_hides_are_held_and_named(remote):
    remote.night(1)
    count = remote.rows("select count(*) from raw.res_partner")[0][0]
    remote.server.hide("res.partner", [("is_company", "=", False)])
    remote.night(2)
    partners = remote.run_of(2, "res.partner")
    assert partners["verdict"] == "held"
    assert partners["held_count"] == count - partners["source_count"] > 10
    assert remote.rows("select verdict from ops.visibility where model = 'res.partner'") == [("partial",)]
    assert remote.rows("select count(*) from raw.res_partner where _deleted_at is null") == [(count,)]


def test_a_clock_that_was_a_day_ahead_and_is_set_right_loses_nothing(remote):
    day = timedelta(days=1).total_seconds()
    update = "update res_partner set name = '{}', write_date = {} where id = (select min(id) + {} from res_partner)"
    remote.server.clock_offset_seconds = day
    remote.night(1)
    remote.change(update.format("ahead", f"{NOW} + interval '1 day'", 1))
    remote.night(2)
    assert remote.unlike_source() == []
    remote.server.clock_offset_seconds = 0
    # Both lie long before the cursor's window: a row written anew, and one whose stamp goes back.
    remote.change(update.format("right", NOW, 2), update.format("right again", NOW, 1))
    remote.night(3)
    assert remote.unlike_source() == []
    assert remote.run_of(3, "res.partner")["reason"] == "the server's clock was set"
    remote.change(update.format("later", NOW, 3))
    remote.night(4)
    assert remote.unlike_source() == []
    assert remote.run_of(4, "res.partner")["mode"] == "incremental"
    remote.server.clock_offset_seconds = day
    remote.change(update.format("ahead again", f"{NOW} + interval '1 day'", 4))
    remote.night(5)
    assert remote.unlike_source() == []


@pytest.mark.parametrize("new_partners", [3, 60])
def test_a_database_that_is_put_back_is_read_anew(remote, new_database, new_partners):
    """However many of the newest rows are gone with it: one that is left tells how far back it went."""
    remote.night(1)
    remote.server.stop()
    backup = new_database("backup", template=remote.database_url.rsplit("/", 1)[1])
    with OdooServer(remote.database_url, version="17.0", users={"admin": "right"}) as server:
        now = Remote(remote.warehouse, server, remote.database_url, "right")
        now.change(
            f"update res_partner set name = 'lost again', write_date = {NOW}"
            " where id = (select min(id) from res_partner)",
            f"insert into res_partner (id, name, create_date, write_date) select 700000 + n, 'gone', t, t from"
            f" generate_series(1, {new_partners}) n, lateral (select {NOW} + n * interval '1 second') x (t)",
        )
        now.night(2)
        assert now.unlike_source() == []
    with OdooServer(backup, version="17.0", users={"admin": "right"}, database=remote.server.database) as server:
        restored = Remote(remote.warehouse, server, backup, "right")
        restored.night(3, believed=None)
        assert restored.unlike_source() == []
        assert restored.run_of(3, "res.partner")["reason"] == "the database was put back to an older state"
        assert restored.run_of(3, "res.partner")["rows_tombstoned"] == new_partners
        assert restored.rows("select count(*) from raw.res_partner where name = 'lost again'") == [(0,)]
