"""Which reading a build rests on for each client, and whether it is recent enough."""

from __future__ import annotations

import pytest
from driftline import transform_register
from driftline.transform_register import RegisteredBuild

from tests.transform.world import World, at

YESTERDAY, TONIGHT = at("2026-11-02 02:00"), at("2026-11-03 02:00")
NOW = at("2026-11-03 03:00")


@pytest.fixture
def world(new_world) -> World:
    world = new_world()
    for client_id in ("acme", "beta", "gamma"):
        world.client(client_id, registered_at=YESTERDAY)
    world.night("yesterday", YESTERDAY, ["acme", "beta", "gamma"])
    world.read("yesterday", "acme", read_at=at("2026-11-02 02:05"))
    world.read("yesterday", "beta", read_at=at("2026-11-02 02:06"))
    return world


def register(world: World, night_id: str | None = None, **changes: object) -> RegisteredBuild:
    arguments = {"night_id": night_id, "as_of_at": None, "quarter": None, "now": NOW, **changes}
    return transform_register.register(world.settings, **arguments)


def readings(world: World, build: RegisteredBuild, columns: str = "is_read, reason") -> dict[str, tuple]:
    rows = world.rows(f"select client_id, {columns} from ops.build_client where build_id = %s", build.build_id)
    return {client_id: tuple(rest) for client_id, *rest in rows}


def test_a_night_demands_its_own_readings(world):
    world.night("tonight", TONIGHT, ["acme", "beta", "gamma"])
    world.read("tonight", "acme", read_at=at("2026-11-03 02:05"))
    world.read("tonight", "beta", read_at=at("2026-11-03 02:06"), error="timed out after 10 s")
    build = register(world, "tonight")
    assert readings(world, build) == {
        "acme": (True, ""),
        "beta": (
            False,
            "not read tonight: SourceUnavailable: timed out after 10 s; last read 2026-11-02 02:06 UTC",
        ),
        "gamma": (False, "not read tonight: the night has no reading of this client; never read"),
    }
    assert (build.client_count, build.unread_client_ids) == (3, ("beta", "gamma"))
    assert readings(world, build, "last_night_id, first_read_at")["acme"] == ("tonight", at("2026-11-02 02:05"))


def test_a_reading_that_did_not_end_is_none(world):
    world.night("tonight", TONIGHT, ["acme"])
    world.read("tonight", "acme", read_at=at("2026-11-03 02:05"), error="-")
    world.rows("update ops.client_run set state = 'running', error_class = null where night_id = 'tonight'")
    assert readings(world, register(world, "tonight"))["acme"] == (
        False,
        "not read tonight: the reading did not come to its end; last read 2026-11-02 02:05 UTC",
    )


def test_a_night_of_one_client_does_not_make_the_others_unread(world):
    world.night("tonight", TONIGHT, ["acme"])
    world.read("tonight", "acme", read_at=at("2026-11-03 02:05"))
    found = readings(world, register(world, "tonight"), "is_read, last_night_id")
    assert found == {"acme": (True, "tonight"), "beta": (True, "yesterday"), "gamma": (False, None)}


@pytest.mark.parametrize(("hours", "is_read"), [(36, True), (37, False)])
def test_without_a_night_a_reading_may_be_36_hours_old(world, hours, is_read):
    moment = YESTERDAY.replace(day=2 + hours // 24, hour=2 + hours % 24)
    found = readings(world, register(world, as_of_at=moment, now=moment))
    assert found["acme"][0] is is_read
    if not is_read:
        assert found["acme"][1] == "the last reading is older than 36 hours; last read 2026-11-02 02:05 UTC"
    assert found["gamma"] == (False, f"not read up to {moment:%Y-%m-%d %H:%M} UTC; never read")


def test_a_recomputed_day_rests_on_the_reading_of_its_own_time(world):
    register(world)
    world.night("tonight", TONIGHT, ["acme"])
    world.read("tonight", "acme", read_at=at("2026-11-03 02:05"))
    world.rows("set role driftline_transformer; create table snapshots.res_users (); reset role")
    world.night("again", at("2026-11-02 12:00"), ["acme", "beta", "gamma"], is_recomputation=True)
    build = register(world, "again")
    assert build.is_recomputation
    assert readings(world, build, "is_read, last_night_id") == {
        "acme": (True, "yesterday"),
        "beta": (True, "yesterday"),
        "gamma": (False, None),
    }


def test_completeness_is_the_share_of_rows_proven_equal_absent_models_aside(world):
    world.night("tonight", TONIGHT, ["acme", "beta", "gamma"])
    counts = {
        "res.users": (90, 95, "complete"),
        "mail.message": (10, 9, "incomplete"),
        "hr.employee": (0, 0, "complete"),
    }
    world.read("tonight", "acme", read_at=NOW, counts=counts, absent=["hr.employee"])
    world.read("tonight", "beta", read_at=NOW, counts={"res.users": (0, 0, "complete")})
    found = readings(world, register(world, "tonight"), "completeness_pct")
    assert found == {"acme": (90.0,), "beta": (100.0,), "gamma": (None,)}


def test_a_retired_client_is_no_part_of_a_build(world):
    world.rows("update ops.client set is_active = false where client_id = 'beta'")
    assert set(readings(world, register(world))) == {"acme", "gamma"}


def test_two_builds_of_one_second_have_two_ids_and_the_first_is_closed(world):
    first, second = register(world), register(world)
    assert (first.build_id, second.build_id) == ("build_20261103T030000Z", "build_20261103T030000Z-2")
    transform_register.finish(world.settings, second.build_id, error_message=None)
    assert world.rows("select build_id, state from ops.build order by build_id") == [
        (first.build_id, "failed"),
        (second.build_id, "succeeded"),
    ]
