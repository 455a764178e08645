"""Warehouses that a whole module shares: a build costs seconds, looking at it does not."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from driftline import transform

from tests.conftest import make_settings, run_autocommit
from tests.transform import group_graphs, ticket_lives, trends
from tests.transform.world import World

_counter = itertools.count(1)


@pytest.fixture(scope="session")
def dbt_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dbt")


@pytest.fixture(scope="session")
def new_world(pg_server, _warehouse_template: str, dbt_folder: Path):
    """Give a function that makes a freshly migrated warehouse, without a client."""

    made: list[World] = []

    def make() -> World:
        name = f"transform_{next(_counter)}"
        run_autocommit(pg_server.url(), f'create database "{name}" template "{_warehouse_template}"')
        made.append(World(make_settings(pg_server.url(name), build_folder=dbt_folder / name)))
        return made[-1]

    yield make
    for world in made:
        world.close()


@dataclass
class Planted:
    """One warehouse with many clients, built for the running quarter and then for the one before it."""

    world: World
    known: ticket_lives.Known
    graphs: dict[str, group_graphs.Graph]
    versions: dict[str, int]
    now: dict[str, list[dict[str, Any]]]
    quarter_before: dict[str, list[dict[str, Any]]]


_LOOKED_AT = (
    "tickets.flow_weekly", "tickets.flow_quarterly", "tickets.trend", "access.user",
    "access.effective_group", "staging.int_access__user_set", "drift.version_currency",
    "review_candidate.scorecard", "review_candidate.ticket_flow", "review_candidate.module_change",
    "review_candidate.access_user", "review_candidate.ticket_trend", "staging.int_review__period",
    "staging.int_tickets__trend_slope",
)  # fmt: skip


def look(world: World) -> dict[str, list[dict[str, Any]]]:
    return {table: [row for (row,) in world.rows(f"select to_jsonb(t) from {table} as t")] for table in _LOOKED_AT}


@pytest.fixture(scope="session")
def planted(new_world) -> Planted:
    world, known = new_world(), ticket_lives.Known()
    ticket_lives.plant(world, known)
    trends.plant(world, known)
    graphs: dict[str, group_graphs.Graph] = {}
    for seed in range(12):
        is_new = seed < 9
        client_id = f"graph_{seed}"
        graphs[client_id] = group_graphs.random_graph(seed, is_implied=is_new)
        group_graphs.plant(world, client_id, graphs[client_id], version="19.0.1.3" if is_new else "18.0.1.3")
    world.client("unread", registered_at=ticket_lives.AS_OF)
    world.client("ticketless", registered_at=ticket_lives.AS_OF)
    world.basics("ticketless", read_at=ticket_lives.READ_AT)
    client_ids = [client_id for (client_id,) in world.rows("select client_id from ops.client")]
    world.night(ticket_lives.NIGHT, ticket_lives.AS_OF, client_ids)
    for client_id in set(client_ids) - {"unread"}:
        absent = ("helpdesk.ticket", "hr.employee") if client_id == "ticketless" else ()
        world.read(ticket_lives.NIGHT, client_id, read_at=ticket_lives.READ_AT, absent=absent)
    seen = []
    for quarter in (None, "2026Q3"):
        transform.build(
            world.settings, night_id=ticket_lives.NIGHT, as_of_at=None, quarter=quarter, now=ticket_lives.READ_AT
        )
        seen.append(look(world))
    versions = {f"graph_{seed}": 19 if seed < 9 else 18 for seed in range(12)}
    return Planted(world=world, known=known, graphs=graphs, versions=versions, now=seen[0], quarter_before=seen[1])
