"""Who holds what: the recursive closure against plain sets, and a moment before history."""

from __future__ import annotations

import itertools

import pytest

from tests.transform.group_graphs import group_name


def test_from_19_everything_implied_is_held_and_before_only_what_is_stored(planted):
    assert len(planted.graphs) == 12
    implied_count = 0
    for client_id, graph in planted.graphs.items():
        rows = {row["odoo_user_id"]: row for row in planted.now["access.user"] if row["client_id"] == client_id}
        assert set(rows) == set(graph.held)
        for user, held in graph.held.items():
            assert rows[user]["group_names"] == sorted(group_name(group) for group in held), (client_id, user)
            assert rows[user]["group_count"] == len(held)
        implied_count += sum(len(held) for held in graph.held.values()) - len(graph.members)
    assert implied_count > 200


def test_a_cycle_of_implications_ends(planted):
    held = {
        row["odoo_user_id"]: row["group_count"] for row in planted.now["access.user"] if row["client_id"] == "graph_0"
    }
    # User 2 holds group 1, which implies 2, which implies 3, which implies 1; user 3 holds 4, which implies itself.
    assert {1, 2, 3} <= planted.graphs["graph_0"].held[2]
    assert held[2] >= 3
    assert held[3] >= 1


def test_every_membership_is_explained_as_plain_sets_explain_it(planted):
    rows = [row for row in planted.now["access.effective_group"] if row["client_id"] in planted.graphs]
    sets = {(row["client_id"], row["odoo_user_id"]): row for row in planted.now["staging.int_access__user_set"]}
    assert len(rows) > 800
    kinds = set()
    for row in rows:
        graph = planted.graphs[row["client_id"]]
        is_new = planted.versions[row["client_id"]] >= 19
        user, group = row["odoo_user_id"], row["odoo_group_id"]
        stored = set(sets[row["client_id"], user]["stored_group_ids"])
        assert stored == {held for member, held in graph.members if member == user}
        ways = {root: way for root in stored - {group} if (way := graph.shortest_way(root, group))}
        assert row["is_stored"] is (group in stored)
        assert row["is_implied"] is bool(ways)
        assert row["direct"] == ("yes" if not ways or (is_new and group in stored) else "no" if is_new else "unknown")
        if ways:
            path = row["path"]
            assert len(path) == min(map(len, ways.values()))
            assert path[0] in stored
            assert path[-1] == group
            assert {(one, other) for one, other in itertools.pairwise(path)} <= graph.implications
        kinds.add((is_new, row["direct"]))
    assert kinds == {(True, "yes"), (True, "no"), (False, "yes"), (False, "unknown")}


def test_before_a_clients_history_begins_nobody_is_listed_and_the_version_is_not_claimed(planted):
    assert len(planted.now["access.user"]) > 100
    assert planted.quarter_before["access.user"] == []
    assert planted.quarter_before["review_candidate.access_user"] == []
    rows = {
        row["client_id"]: row
        for row in planted.quarter_before["review_candidate.scorecard"]
        if row["kpi"] == "version_upgrade_age"
    }
    assert rows["graph_0"]["verdict"] == "n/a"
    assert rows["graph_0"]["reason"] == (
        "the Odoo version is not known: nothing was read of this client up to 2026-09-30"
    )


@pytest.mark.parametrize("quarter", ["now", "quarter_before"])
def test_every_client_has_six_kpis_and_one_that_was_never_read_says_so(planted, quarter):
    rows = getattr(planted, quarter)["review_candidate.scorecard"]
    clients = {row["client_id"] for row in rows}
    assert len(clients) == len(planted.world.rows("select client_id from ops.client")) > 50
    assert len(rows) == 6 * len(clients)
    unread = {(row["verdict"], row["reason"]) for row in rows if row["client_id"] == "unread"}
    assert unread == {("n/a", "this client was never read")}
    reasons = {row["reason"] for row in rows if row["verdict"] == "n/a" and row["client_id"] == "athens"}
    assert "no custom module is in use" in reasons


def test_candidates_are_as_of_the_quarters_end_once_it_is_over(planted):
    moments = {row["as_of_at"] for row in planted.quarter_before["review_candidate.scorecard"]}
    # Midnight of the first of October in Chatham (on summer time since four days), Kolkata, Athens and Lima.
    assert moments == {
        "2026-09-30T10:15:00+00:00", "2026-09-30T18:30:00+00:00", "2026-09-30T21:00:00+00:00",
        "2026-10-01T05:00:00+00:00",
    }  # fmt: skip
    assert {row["as_of_at"] for row in planted.now["review_candidate.scorecard"]} == {"2026-10-07T02:00:00+00:00"}
