"""Random groups that imply one another, cycles included, and who holds what by plain set arithmetic."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime

from tests.transform.ticket_lives import AS_OF, READ_AT
from tests.transform.world import World


@dataclass(frozen=True)
class Graph:
    """Explicit memberships, implications, and what each user holds in the end."""

    members: set[tuple[int, int]]
    implications: set[tuple[int, int]]
    held: dict[int, set[int]]

    def shortest_way(self, root: int, group: int) -> list[int] | None:
        """One of the shortest ways from one group to another that it implies."""
        ways, seen = [[root]], {root}
        while ways:
            if found := next((way for way in ways if way[-1] == group), None):
                return found
            ways = [[*way, implied] for way in ways for one, implied in self.implications if one == way[-1]]
            ways = [way for way in ways if way[-1] not in seen]
            seen |= {way[-1] for way in ways}
        return None


def random_graph(seed: int, *, is_implied: bool) -> Graph:
    """Make a graph of 30 groups and 12 users; `is_implied` says whether implications count."""
    chance = random.Random(seed)
    groups, users = range(1, 31), range(1, 13)
    implications = {(chance.choice(groups), chance.choice(groups)) for _ in range(chance.randrange(5, 60))}
    implications |= {(1, 2), (2, 3), (3, 1), (4, 4)}
    members = {(user, chance.choice(groups)) for user in users for _ in range(chance.randrange(4))} | {(2, 1), (3, 4)}
    held = {user: {group for member, group in members if member == user} for user in users}
    for mine in held.values():
        while is_implied and (more := {implied for group, implied in implications if group in mine} - mine):
            mine |= more
    return Graph(members=members, implications=implications, held=held)


def plant(
    world: World, client_id: str, graph: Graph, *, version: str, read_at: datetime = READ_AT, as_of_at: datetime = AS_OF
) -> None:
    world.client(client_id, registered_at=as_of_at)
    world.basics(client_id, read_at=read_at, version=version)
    users = [{"id": user, "login": f"user{user}", "active": True, "share": user > 8} for user in graph.held]
    world.raw(client_id, "res_users", users, read_at=read_at)
    # Names are not unique, and one group has lost its own.
    groups = [{"id": group, "name": f"Group {group % 20}" if group != 3 else None} for group in range(1, 31)]
    world.raw(client_id, "res_groups", groups, read_at=read_at)
    members = [{"uid": user, "gid": group} for user, group in sorted(graph.members)]
    world.raw(client_id, "res_groups_users_rel", members, read_at=read_at)
    implications = [{"gid": group, "hid": implied} for group, implied in sorted(graph.implications)]
    world.raw(client_id, "res_groups_implied_rel", implications, read_at=read_at)
    dropped = [{"gid": group, "hid": 30} for group in range(1, 30) if (group, 30) not in graph.implications]
    world.raw(client_id, "res_groups_implied_rel", dropped, read_at=read_at, deleted_at=as_of_at)


def group_name(group: int) -> str:
    return f"Group {group % 20}" if group != 3 else "(group 3)"
