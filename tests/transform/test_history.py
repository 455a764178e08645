"""Two nights, one of them without a client, a build done twice, and a past day computed again."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from driftline import transform
from driftline.catalogue import load_catalogue

from tests.conftest import REPOSITORY
from tests.transform.world import STATE_FIELD, World, at

FIRST, SECOND = at("2026-09-29 23:00"), at("2026-09-30 23:30")
READ_FIRST, READ_SECOND = at("2026-09-29 23:20"), at("2026-09-30 23:50")
CLIENTS = ("acme", "beta", "gamma")


@dataclass
class Seen:
    """What lay in the warehouse after one build."""

    report: transform.BuildReport
    history: dict[str, list[tuple]]
    users: list[tuple]
    groups: list[tuple]
    changes: list[tuple]
    readings: dict[str, tuple]
    scorecard: list[tuple]
    tasks: dict[str, tuple]


def build(world: World, night_id: str | None, **changes: object) -> Seen:
    arguments = {"night_id": night_id, "as_of_at": None, "quarter": None, "now": at("2026-10-01 01:00"), **changes}
    report = transform.build(world.settings, **arguments)
    tables = [name for (name,) in world.rows("select tablename from pg_tables where schemaname = 'snapshots'")]
    assert len(tables) == 17
    return Seen(
        report=report,
        history={table: sorted(world.rows(f"select * from snapshots.{table}"), key=repr) for table in tables},
        users=world.rows("select client_id, odoo_user_id, login, is_active from access.user order by 1, 2"),
        groups=world.rows("select client_id, odoo_user_id, group_names from access.user order by 1, 2"),
        changes=world.rows(
            "select client_id, quarter, module, changed_at, change, before_state, after_state, before_version,"
            " after_version from drift.module_change order by 1, 3, 4"
        ),
        readings={
            row[0]: row[1:]
            for row in world.rows(
                "select client_id, is_read, reason, last_night_id, completeness_pct from ops.build_client"
                " where build_id = %s",
                report.build_id,
            )
        },
        scorecard=world.rows("select client_id, kpi, value, verdict, reason from review_candidate.scorecard"),
        tasks={
            period: rest
            for period, *rest in world.rows(
                "select period, opened_count, closed_count, reopened_count, deleted_open_count, stamped_close_count,"
                " backlog_count from tickets.flow_weekly where client_id = 'gamma'"
            )
        },
    )


def plant_first_night(world: World) -> None:
    for client_id in ("acme", "beta"):
        world.client(client_id, registered_at=FIRST)
    world.client("gamma", registered_at=FIRST, ticket_source="project", projects=[5])
    task = {"create_date": at("2026-09-08 08:00"), "project_id": 5, "state": "01_in_progress", "date_end": None}
    tasks = [
        {**task, "id": 1, "state": "1_done", "date_end": at("2026-09-16 08:00")},
        {**task, "id": 2},
        {**task, "id": 3},
    ]
    world.raw("gamma", "project_task", tasks, read_at=READ_FIRST)
    # A change of state that was over when the first night read the task: it does not date what the second finds.
    early = [(at("2026-09-22 08:00"), 0, 0)]
    world.changes("gamma", {2: early}, read_at=READ_FIRST, model="project.task", field_id=STATE_FIELD)
    world.night("night 1", FIRST, CLIENTS)
    for client_id in CLIENTS:
        world.read(
            "night 1",
            client_id,
            read_at=READ_FIRST,
            counts={
                "res.users": (3, 3, "complete"),
                "ir.module.module": (3, 3, "complete"),
                "hr.employee": (4, 3, "incomplete"),
                "project.task": (0, 0, "complete"),
                "helpdesk.ticket": (0, 0, "complete"),
            },
        )
        world.basics(client_id, read_at=READ_FIRST)
        modules = [
            {"id": 2, "name": "sale", "state": "installed", "latest_version": "17.0.1.0"},
            {"id": 3, "name": "custom", "state": "installed", "latest_version": "1.0"},
        ]
        world.raw(client_id, "ir_module_module", modules, read_at=READ_FIRST)
        users = [{"id": number, "login": f"user{number}", "active": True, "share": False} for number in (2, 5, 6)]
        world.raw(client_id, "res_users", users, read_at=READ_FIRST)
        world.raw(client_id, "res_groups", [{"id": 7, "name": "User"}, {"id": 8, "name": "Admin"}], read_at=READ_FIRST)
        members = [{"uid": 2, "gid": 7}, {"uid": 2, "gid": 8}, {"uid": 5, "gid": 7}]
        world.raw(client_id, "res_groups_users_rel", members, read_at=READ_FIRST)


def plant_second_night(world: World) -> None:
    world.night("night 2", SECOND, CLIENTS)
    world.read("night 2", "acme", read_at=READ_SECOND)
    world.read("night 2", "beta", read_at=READ_SECOND, error="connection refused")
    world.read("night 2", "gamma", read_at=READ_SECOND)
    gone = "_deleted_at = '2026-09-30 23:30+00'"
    for change in (
        "ir_module_module set latest_version = '17.0.1.1' where name = 'sale'",
        f"ir_module_module set {gone} where name = 'custom'",
        # What moves without a change: only the stamp.
        "ir_module_module set write_date = now() where name = 'base'",
        f"res_users set {gone} where id = 6",
        "res_users set login = 'renamed' where id = 5",
        f"res_groups_users_rel set {gone} where uid = 2 and gid = 8",
    ):
        world.rows(f"update raw.{change} and client_id = 'acme'")
    # One task was reopened, which Odoo tracked; one closed, which it did not; one deleted.
    world.rows("update raw.project_task set state = '01_in_progress', _read_at = %s where id = 1", READ_SECOND)
    world.changes(
        "gamma", {1: [(at("2026-09-30 10:00"), 0, 0)]}, read_at=READ_SECOND, model="project.task", field_id=STATE_FIELD
    )
    world.rows("update raw.project_task set state = '1_canceled', _read_at = %s where id = 2", READ_SECOND)
    world.rows("update raw.project_task set _deleted_at = %s, _read_at = %s where id = 3", SECOND, READ_SECOND)
    world.rows("update raw.ir_module_module set _read_at = %s where client_id = 'acme'", READ_SECOND)


@pytest.fixture(scope="module")
def story(new_world) -> SimpleNamespace:
    """Four builds, in the order in which a platform does them."""
    world = new_world()
    plant_first_night(world)
    first = build(world, "night 1")
    plant_second_night(world)
    second = build(world, "night 2")
    again = build(world, "night 2")
    past = build(world, None, as_of_at=FIRST)
    return SimpleNamespace(world=world, first=first, second=second, again=again, past=past)


def test_history_is_taken_of_exactly_what_the_catalogue_says(story):
    wanted = {entry.table for entry in load_catalogue() if entry.history}
    assert len(wanted) > 10
    assert set(story.first.history) - {"configuration", "access_exception", "master_data"} == wanted
    files = {path.stem.removeprefix("snap_odoo__") for path in REPOSITORY.glob("dbt_project/snapshots/*.sql")}
    assert files - {"configuration", "master_data", "snap_access__exception"} == wanted


def test_history_carries_the_nights_moment_with_its_time_zone(story):
    types = story.world.rows(
        "select distinct data_type from information_schema.columns where table_schema = 'snapshots'"
        " and column_name in ('dbt_valid_from', 'dbt_valid_to', 'dbt_updated_at')"
    )
    assert types == [("timestamp with time zone",)]
    moments = story.world.rows("select distinct dbt_valid_from from snapshots.res_users order by 1")
    assert moments == [(FIRST,), (SECOND,)]


def test_a_client_that_was_not_read_tonight_keeps_its_history_untouched(story):
    def of_beta(seen: Seen) -> dict[str, list[tuple]]:
        return {table: [row for row in rows if row[0] == "beta"] for table, rows in seen.history.items()}

    assert sum(len(rows) for rows in of_beta(story.first).values()) > 10
    assert of_beta(story.second) == of_beta(story.first)
    assert [row for row in story.second.users if row[0] == "beta"] == [
        row for row in story.first.users if row[0] == "beta"
    ]
    assert not [row for row in story.second.changes if row[0] == "beta"]


def test_what_changed_and_what_was_deleted_shows_and_nothing_else(story):
    assert story.first.changes == []
    assert story.second.changes == [
        ("acme", "2026Q4", "custom", SECOND, "removed", "installed", None, "1.0", None),
        ("acme", "2026Q4", "sale", SECOND, "version changed", "installed", "installed", "17.0.1.0", "17.0.1.1"),
    ]
    of_acme = [row[1:3] for row in story.second.users if row[0] == "acme"]
    assert of_acme == [(2, "user2"), (5, "renamed")]
    assert ("acme", 2, ["User"]) in story.second.groups
    assert ("beta", 2, ["Admin", "User"]) in story.second.groups


def test_a_second_build_of_the_same_night_adds_nothing(story):
    assert story.again.report.build_id != story.second.report.build_id
    assert story.again.history == story.second.history
    assert story.again.changes == story.second.changes


def test_a_past_day_is_computed_from_history_and_leaves_it_alone(story):
    assert story.past.report.is_recomputation
    assert story.past.report.snapshot_count == 0
    assert story.past.history == story.second.history
    assert (story.past.users, story.past.groups) == (story.first.users, story.first.groups)
    assert story.past.users != story.second.users
    assert sorted(story.past.scorecard) == sorted(story.first.scorecard)


def test_a_build_says_which_reading_each_clients_numbers_rest_on(story):
    # Ten rows in the source of acme's first night, six of them in models proven complete.
    assert story.first.readings == dict.fromkeys(CLIENTS, (True, "", "night 1", 60.0))
    assert story.first.report.unread_client_ids == ()
    refused = "not read tonight: SourceUnavailable: connection refused; last read 2026-09-29 23:20 UTC"
    assert story.second.readings == {
        "acme": (True, "", "night 2", 100.0),
        "beta": (False, refused, "night 1", 60.0),
        "gamma": (True, "", "night 2", 100.0),
    }
    assert story.second.report.unread_client_ids == ("beta",)
    # Computed again for the first night's moment, both were read then.
    assert story.past.readings == story.first.readings


def test_a_task_that_is_reopened_stays_closed_in_the_weeks_before(story):
    # Opened, closed, reopened, deleted while open, closed without tracking, backlog.
    assert story.first.tasks["2026W37"] == [3, 0, 0, 0, 0, 3]
    assert story.first.tasks["2026W38"] == [0, 1, 0, 0, 1, 2]
    assert story.first.tasks["2026W40"] == [0, 0, 0, 0, 0, 2]
    assert story.second.tasks["2026W38"] == [0, 1, 0, 0, 1, 2]
    assert story.second.tasks["2026W40"] == [0, 1, 1, 1, 1, 1]
    assert story.past.tasks == story.first.tasks


def test_a_recomputation_counts_as_a_build_of_its_own(story):
    builds = story.world.rows(
        "select as_of_at, is_recomputation, state, error_message from ops.build order by started_at"
    )
    assert builds == [
        (FIRST, False, "succeeded", None),
        (SECOND, False, "succeeded", None),
        (SECOND, False, "succeeded", None),
        (FIRST, True, "succeeded", None),
    ]
