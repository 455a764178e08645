"""Night two: what is planted is what changes, row by row, with Odoo's stamps; nothing else moves."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest
from demo_world import ANCHOR_AT, NIGHT_TWO_AT, contents

from demo import odoo

pytest_plugins = ["demo_world"]

TRUTH = odoo.load_truth().clients

MOMENT = re.compile(r'"\d{4}-\d\d-\d\d [\d:.]+"')

# Rows inserted, updated and deleted per table; CHATTER stands for what the deleted ticket takes along.
CHATTER = "chatter of the deleted ticket"
EXPECTED = {
    "aegean": {
        "ir_module_module": (0, 3, 0),
        "ir_model": (1, 0, 0),
        "ir_model_data": (1, 0, 0),
        "ir_config_parameter": (0, 1, 0),
        "ir_cron": (0, 1, 0),
        "res_users": (0, 1, 0),
        "res_users_log": (1, 0, 0),
        "helpdesk_ticket": (6, 4, 1),
        "mail_message": (6 + 4, 0, CHATTER),
        "mail_tracking_value": (4, 0, CHATTER),
    },
    "boreal": {
        "res_users": (1, 1, 0),
        "res_company_users_rel": (1, 0, 0),
        "res_partner": (1, 0, 0),
        "res_groups_users_rel": (3, 0, 1),
        "res_groups": (0, 2, 0),
        "res_groups_implied_rel": (1, 0, 0),
        "hr_employee": (0, 1, 0),
        "hr_version": (0, 1, 0),
        "ir_module_module": (0, 1, 0),
        "ir_config_parameter": (1, 0, 0),
        "helpdesk_ticket": (9, 2, 1),
        "mail_message": (9 + 2, 0, CHATTER),
        "mail_tracking_value": (2, 0, CHATTER),
    },
    "cordoba": {
        "ir_module_module": (0, 108, 0),
        "ir_ui_view": (0, 233, 0),
        "res_groups_users_rel": (1, 0, 1),
        "res_users": (0, 1, 0),
        "res_groups": (0, 1, 0),
        "ir_model_fields": (1, 0, 0),
        "helpdesk_ticket": (2, 3, 1),
        "mail_message": (2 + 2, 0, CHATTER),
        "mail_tracking_value": (2, 0, CHATTER),
    },
    "delta": {},
    "egret": {
        "ir_module_module": (0, 1, 0),
        "ir_config_parameter": (0, 1, 0),
        "res_users": (0, 1, 0),
        "project_task": (1, 5, 1),
        "mail_message": (1 + 5, 0, CHATTER),
        "mail_tracking_value": (5, 0, CHATTER),
    },
}


@pytest.fixture(scope="module")
def nights(fresh_databases):
    """Every client's contents before and after, and what planting said."""
    before = {client_id: contents(url) for client_id, url in fresh_databases.items()}
    said = {
        client_id: odoo.plant_night_two(url, client_id, at=NIGHT_TWO_AT) for client_id, url in fresh_databases.items()
    }
    after = {client_id: contents(url) for client_id, url in fresh_databases.items()}
    return before, said, after


def ask(fresh_databases, client_id: str, query: str, *parameters: object) -> list[tuple]:
    with psycopg2.connect(fresh_databases[client_id]) as connection, connection.cursor() as cursor:
        cursor.execute(query, parameters or None)
        return cursor.fetchall()


def test_the_expectations_cover_every_client():
    assert tuple(EXPECTED) == odoo.CLIENT_IDS


@pytest.mark.parametrize("client_id", odoo.CLIENT_IDS)
def test_exactly_the_planted_rows_change(client_id, nights):
    before, _, after = nights[0][client_id], nights[1], nights[2][client_id]
    changed = {}
    for table in before:
        old, new = before[table], after[table]
        counts = (len(new.keys() - old.keys()), sum(new[key] != old[key] for key in new.keys() & old.keys()))
        gone = old.keys() - new.keys()
        if any(counts) or gone:
            is_chatter = EXPECTED[client_id].get(table, (0, 0, 0))[2] == CHATTER
            assert not is_chatter or len(gone) >= 3
            changed[table] = (*counts, CHATTER if is_chatter else len(gone))
    assert changed == EXPECTED[client_id]


@pytest.mark.parametrize("client_id", odoo.CLIENT_IDS)
def test_planting_says_a_line_per_change(client_id, nights):
    assert len(nights[1][client_id]) == len(TRUTH[client_id].night_two)


def test_modules_stand_as_planted(fresh_databases, nights):
    query = "select name, state, latest_version, write_uid from ir_module_module where write_date > %s order by 1"
    anchor = ANCHOR_AT.replace(tzinfo=None)
    assert ask(fresh_databases, "aegean", query, anchor) == [
        ("helpdesk_mgmt", "installed", "17.0.1.12.0", 1),
        ("hr_org_chart", "uninstalled", None, 1),
        ("maintenance", "installed", "17.0.1.0", 1),
    ]
    assert ask(fresh_databases, "boreal", query, anchor) == [("crm", "to upgrade", "19.0.1.9", 2)]
    assert ask(fresh_databases, "egret", query, anchor) == [("auditlog", "installed", "14.0.1.1.0", 1)]


def test_an_upgrade_without_change_moves_stamps_only(nights):
    before, _, after = nights
    for table in ("ir_module_module", "ir_ui_view"):
        old, new = before["cordoba"][table], after["cordoba"][table]
        moved = [key for key in old if old[key] != new[key]]
        without_stamp = [key for key in moved if MOMENT.sub("", old[key]) != MOMENT.sub("", new[key])]
        assert len(moved) == EXPECTED["cordoba"][table][1]
        # One view was edited besides, and stamped by its editor.
        assert len(without_stamp) == (1 if table == "ir_ui_view" else 0)


def test_a_membership_leaves_its_stamp_on_the_record_edited_and_not_on_the_other(fresh_databases, nights):
    is_late = "write_date > '2026-11-20 22:15'"
    for client_id, added, removed in (("boreal", "warehouse1", "purchasing1"), ("cordoba", "sales1", "projects1")):
        stamped = ask(
            fresh_databases, client_id, f"select split_part(login, '@', 1) from res_users where {is_late} order by 1"
        )
        edited_from_user = removed if client_id == "boreal" else added
        assert (edited_from_user,) in stamped
        assert ({(added,), (removed,)} - {(edited_from_user,)}).isdisjoint(stamped)
    group = "select d.name from res_groups g join ir_model_data d on d.model = 'res.groups' and d.res_id = g.id"
    assert ask(fresh_databases, "boreal", f"{group} where g.{is_late} order by 1") == [
        ("group_account_manager",),
        ("group_project_user",),
    ]
    assert ask(fresh_databases, "cordoba", f"{group} where g.{is_late}") == [("group_project_user",)]


def test_a_group_taken_away_leaves_what_it_implied(fresh_databases, nights):
    query = """select d.module || '.' || d.name from res_groups_users_rel r join res_users u on u.id = r.uid
               join ir_model_data d on d.model = 'res.groups' and d.res_id = r.gid where u.login = %s order by 1"""
    assert ask(fresh_databases, "cordoba", query, "projects1@cordoba.example") == [
        ("base.group_no_one",),
        ("base.group_user",),
        ("hr_timesheet.group_hr_timesheet_user",),
    ]
    assert ("account.group_account_invoice",) in ask(fresh_databases, "cordoba", query, "sales1@cordoba.example")
    assert ask(fresh_databases, "boreal", query, "temp.admin@boreal.example") == [
        ("base.group_system",),
        ("base.group_user",),
    ]


def test_tickets_move_as_truth_counts_them(fresh_databases, nights):
    for client_id in odoo.CLIENT_IDS:
        truth = TRUTH[client_id]
        table, closed, project = (
            ("project_task", "date_end", "and project_id = 3")
            if client_id == "egret"
            else ("helpdesk_ticket", "closed_date", "")
        )
        after = f"> %s {project}"
        anchor = ANCHOR_AT.replace(tzinfo=None)
        opened = ask(fresh_databases, client_id, f"select count(*) from {table} where create_date {after}", anchor)
        assert opened == [(truth.moved("tickets_opened"),)]
        just_closed = f"select count(*) from {table} where stage_id = 4 and {closed} {after}"
        assert ask(fresh_databases, client_id, just_closed, anchor) == [(truth.moved("tickets_closed"),)]
        reopened = f"select count(*) from {table} where stage_id = 2 and active and write_date {after}"
        assert ask(fresh_databases, client_id, reopened, anchor) == [(truth.moved("tickets_reopened"),)]


def test_a_reopened_ticket_keeps_its_closing_date_and_a_reopened_task_of_14_does_not(fresh_databases, nights):
    query = "select count(*) from {} where stage_id = 2 and {} is not null and write_date > '2026-11-20 22:15'"
    assert ask(fresh_databases, "aegean", query.format("helpdesk_ticket", "closed_date")) == [(1,)]
    assert ask(fresh_databases, "egret", query.format("project_task", "date_end")) == [(0,)]


def test_a_deleted_ticket_leaves_no_message_behind(fresh_databases, nights):
    for client_id, table, model in (
        ("aegean", "helpdesk_ticket", "helpdesk.ticket"),
        ("egret", "project_task", "project.task"),
    ):
        query = (
            f"""select count(*) from mail_message m where m.model = %s and m.res_id not in (select id from {table})"""
        )
        assert ask(fresh_databases, client_id, query, model) == [(0,)]
    query = "select count(*) from mail_tracking_value where mail_message_id not in (select id from mail_message)"
    assert ask(fresh_databases, "aegean", query) == [(0,)]


def test_a_leaver_keeps_the_user(fresh_databases, nights):
    query = """select e.active, v.departure_date, u.active
               from hr_employee e join hr_version v on v.id = e.current_version_id
               join res_users u on u.id = e.user_id where u.login = 'helpdesk2@boreal.example'"""
    (row,) = ask(fresh_databases, "boreal", query)
    assert (row[0], row[2]) == (False, True)
    assert ANCHOR_AT.date() <= row[1] <= NIGHT_TWO_AT.date() + timedelta(days=1)


def test_what_truth_says_of_the_state_after_night_two_holds(fresh_databases, nights):
    for client_id in odoo.CLIENT_IDS:
        truth = TRUTH[client_id].after_night_two
        users = ask(
            fresh_databases,
            client_id,
            """select count(*) filter (where active and not share), count(*) filter (where not active and not share)
               from res_users where id > 1""",
        )
        assert users == [(truth.users.internal_active, truth.users.internal_archived)]
        modules = dict(ask(fresh_databases, client_id, "select state, count(*) from ir_module_module group by 1"))
        assert modules["installed"] == truth.modules.installed
        assert modules["uninstalled"] == truth.modules.uninstalled
        fields = ask(fresh_databases, client_id, "select count(*) from ir_model_fields where state = 'manual'")
        assert fields == [(len(truth.manual_fields),)]
        edited = ask(fresh_databases, client_id, "select key from ir_ui_view where arch_updated order by 1")
        assert edited == [(view,) for view in sorted(truth.edited_views)]
        without = ask(
            fresh_databases,
            client_id,
            """select login from res_users u where active and not share and id > 1
               and not exists (select from hr_employee e where e.user_id = u.id) order by 1""",
        )
        assert without == [(login,) for login in sorted(truth.without_employee)]
        leavers = ask(
            fresh_databases,
            client_id,
            """select login from res_users u join hr_employee e on e.user_id = u.id
               where u.active and not e.active order by 1""",
        )
        assert leavers == [(login,) for login in sorted(truth.leavers_still_active)]


def test_all_changes_lie_between_the_anchor_and_night_two(fresh_databases, nights):
    for client_id in odoo.CLIENT_IDS:
        query = "select min(write_date), max(write_date) from mail_message where write_date > %s"
        (first, last) = ask(fresh_databases, client_id, query, ANCHOR_AT.replace(tzinfo=None))[0]
        if client_id == "delta":
            assert first is None
        else:
            assert ANCHOR_AT < first.replace(tzinfo=UTC) <= last.replace(tzinfo=UTC) < NIGHT_TWO_AT


def test_a_second_application_is_refused_and_changes_nothing(fresh_databases, nights):
    before = contents(fresh_databases["egret"])
    with pytest.raises(odoo.DemoError, match=r"odoo_egret: night two is planted already \(as of 2026-11-21T22:15"):
        odoo.plant_night_two(fresh_databases["egret"], "egret", at=NIGHT_TWO_AT + timedelta(days=1))
    assert contents(fresh_databases["egret"]) == before


@pytest.mark.parametrize(
    ("client_id", "at", "message"),
    [
        ("boreal", NIGHT_TWO_AT, "is the database of client 'delta', not of 'boreal'"),
        ("delta", ANCHOR_AT, "must come after the anchor"),
        ("delta", datetime(2026, 11, 22), "must come after the anchor"),  # noqa: DTZ001 - the missing zone is the point
    ],
)
def test_what_does_not_fit_is_refused(demo_server, client_id, at, message):
    url = demo_server.url(odoo.create(demo_server.url(), "delta", anchor_at=ANCHOR_AT, seed=1))
    with pytest.raises(odoo.DemoError, match=message):
        odoo.plant_night_two(url, client_id, at=at)


def test_a_foreign_database_is_neither_changed_nor_dropped(demo_server):
    admin = psycopg2.connect(demo_server.url())
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute("drop database if exists odoo_delta with (force)")
        cursor.execute("create database odoo_delta")
    try:
        with pytest.raises(odoo.DemoError, match="odoo_delta was not made by"):
            odoo.plant_night_two(demo_server.url("odoo_delta"), "delta", at=NIGHT_TWO_AT)
        with pytest.raises(odoo.DemoError, match="odoo_delta is there and is not the demo's"):
            odoo.create(demo_server.url(), "delta", anchor_at=ANCHOR_AT, seed=1)
    finally:
        with admin.cursor() as cursor:
            cursor.execute("drop database odoo_delta with (force)")
        admin.close()
