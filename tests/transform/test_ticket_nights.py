"""An incremental night of the ticket marts is, row by row, what a build from scratch at the same moment gives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import psycopg2
import pytest
import yaml
from driftline import transform, transform_register
from driftline.sealing.code import hash_files
from psycopg2.extensions import parse_dsn

from tests.conftest import REPOSITORY, run_autocommit
from tests.transform.ticket_nights import MOVES, Nights, everyday
from tests.transform.world import World

PROJECT = REPOSITORY / "dbt_project"
CHOSEN = ["--select", "+int_tickets__kept", "+path:models/marts/tickets"]
# They say what a build did, not what tickets are.
BOOKKEEPING = {"basis", "dirty", "fact_before", "touched_day", "touched_period", "kept"}


def run_dbt(world: World, arguments: list[str], variables: dict[str, str]) -> None:
    result = transform.run_dbt(world.settings, arguments, variables=variables)
    items = getattr(result.result, "results", ())
    assert result.success, result.exception or [item.message for item in items if str(item.status) == "error"]


def run(
    world: World,
    nights: Nights,
    *arguments: str,
    quarter: str | None = None,
    night: bool = True,
    **moment: Any,
):
    """Build the ticket marts and what they need as `transform.build` does, without the tests of the data."""
    registered = transform_register.register(
        world.settings,
        night_id=nights.night_id if night else None,
        as_of_at=moment.get("as_of_at"),
        quarter=quarter,
        now=nights.read_at,
    )
    variables = {**registered.variables, "code_sha256": hash_files(PROJECT)}
    resources = ["test", "unit_test", *(["snapshot"] if registered.is_recomputation else [])]
    excluded = [word for kind in resources for word in ("--exclude-resource-type", kind)]
    run_dbt(world, ["build", *arguments, *excluded], variables)
    transform_register.finish(world.settings, registered.build_id, error_message=None)
    return variables


def copy(world: World) -> World:
    """Copy the warehouse, row versions and all; in place of the copy before."""
    database = parse_dsn(world.settings.warehouse_url)["dbname"]
    url = world.settings.warehouse_url
    name = f"{database}_again"
    world.close()
    run_autocommit(url.replace(f"/{database}", "/postgres"), f'drop database if exists "{name}"')
    run_autocommit(url.replace(f"/{database}", "/postgres"), f'create database "{name}" template "{database}"')
    world._connection = psycopg2.connect(url, options="-c TimeZone=UTC")
    world._connection.autocommit = True
    return World(
        replace(
            world.settings,
            warehouse_url=url.replace(f"/{database}", f"/{name}"),
            build_folder=world.settings.build_folder / "again",
        )
    )


def rows(world: World) -> dict[str, list[str]]:
    names = world.rows(
        "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where c.relkind in ('r', 'v')"
        " and (n.nspname = 'tickets' or n.nspname = 'staging' and relname like 'int_tickets__%%')"
        " order by 1"
    )
    kept = [name for (name,) in names if name.partition("int_tickets__")[2] not in BOOKKEEPING]
    return {name: [row for (row,) in world.rows(f"select t::text from {name} t order by 1")] for name in kept}


@dataclass
class Told:
    """What one night's build computed again, why, and where it differs from a build from scratch."""

    reasons: dict[str, int]
    share: float
    row_counts: dict[str, int]
    differing: dict[str, tuple[list[str], list[str]]]


def tell(world: World, nights: Nights, variables: dict[str, str]) -> Told:
    dirty = dict(world.rows("select reason, count(*) from staging.int_tickets__dirty group by 1"))
    total = world.rows("select count(*) from staging.int_tickets__ticket")[0][0]
    other = copy(world)
    kept = rows(world)
    run_dbt(other, ["run", "--full-refresh", *CHOSEN], variables)
    fresh = rows(other)
    other.close()
    differing = {
        name: (sorted(set(kept[name]) - set(fresh[name]))[:3], sorted(set(fresh[name]) - set(kept[name]))[:3])
        for name in fresh
        if kept[name] != fresh[name]
    }
    return Told(dirty, sum(dirty.values()) / total, {name: len(found) for name, found in fresh.items()}, differing)


# Night by night: what happens beside the everyday, and who is not read.
HISTORY: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    (("odoo_sla", "deleted", "merged"), ("zoned",)),
    (("message_moved", "reopened", "category_changed", "tracked_value_corrected", "time_booked"), ()),
    (("category_renamed", "staff_joined", "mapped_elsewhere", "odoo_sla", "left_the_project"), ("desk",)),
    (("stage_closes", "priority_and_requester", "message_moved"), ()),
    (("mapping_changed", "hours_changed"), ()),
    (("zone_changed", "client_left", "deleted"), ()),
]


@pytest.fixture(scope="module")
def told(new_world, tmp_path_factory) -> dict[str, Told]:
    world = new_world()
    nights = Nights(world, tmp_path_factory.mktemp("nights"), seed=5)
    nights.begin()
    run(world, nights, *CHOSEN)
    found: dict[str, Told] = {}
    for number, (moves, unread) in enumerate(HISTORY):
        nights.begin(unread=unread)
        everyday(nights)
        for move in moves:
            MOVES[move](nights)
        variables = run(world, nights, *CHOSEN)
        if number % 2:
            found[" and ".join(HISTORY[number - 1][0] + moves)] = tell(world, nights, variables)
    # A build that ends in the middle, under a policy that is taken back before the next one.
    nights.begin()
    everyday(nights)
    MOVES["policy_changed"](nights)
    run(world, nights, *CHOSEN, "--exclude", "int_tickets__measured+")
    MOVES["policy_revoked"](nights)
    nights.begin()
    found["a build that ended in the middle"] = tell(world, nights, run(world, nights, *CHOSEN))
    # A quarter that is over, a moment of the past, and the nights after them.
    run(world, nights, *CHOSEN, quarter="2026Q3")
    nights.begin()
    everyday(nights)
    found["a past quarter in between"] = tell(world, nights, run(world, nights, *CHOSEN))
    past = nights.as_of_at.replace(month=9, day=28)
    run(world, nights, *CHOSEN, night=False, as_of_at=past)
    nights.begin()
    everyday(nights)
    found["a past moment in between"] = tell(world, nights, run(world, nights, *CHOSEN))
    return found


def test_every_table_is_what_a_build_from_scratch_gives(told):
    assert len(told) == 6
    assert {night: seen.differing for night, seen in told.items() if seen.differing} == {}
    # Nothing is equal because nothing is there.
    assert all(max(seen.row_counts[name] for seen in told.values()) > 0 for name in told[next(iter(told))].row_counts)


def test_the_nights_were_incremental_and_say_why(told):
    whole = {night: seen.reasons for night, seen in told.items() if seen.share < 0.01}
    assert whole == {
        "a build that ended in the middle": {"the build before did not come to its end": 1},
        "a past quarter in between": {"a quarter was asked for": 1},
    }
    reasons = {reason for seen in told.values() for reason in seen.reasons}
    assert reasons >= {
        "the ticket changed, or a date of it was still to come",
        "a message, a tracked change or a version of it is new",
        "an answer in it changed",
        "a clock of it runs",
        "a rule of the client changed",
    }
    assert told["a past moment in between"].share < 0.9


def test_the_last_model_waits_for_every_table_that_is_kept():
    kept = set()
    for path in PROJECT.glob("models/**/*.yml"):
        for model in yaml.safe_load(path.read_text()).get("models", []):
            if "replaced_by" in model.get("config", {}).get("meta", {}):
                kept.add(model["name"])
    assert len(kept) > 8
    text = (PROJECT / "models/intermediate/int_tickets__kept.sql").read_text()
    assert {name for name in kept if f"ref('{name}')" in text} == kept
