"""Weeks, quarters and backlog against plain Python, in four time zones, and the cases that go wrong elsewhere."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from tests.transform.ticket_lives import AS_OF, ZONES, Period, count_periods


def flow(seen, table: str, client_id: str) -> dict[str, dict]:
    return {row["period"]: row for row in seen[table] if row["client_id"] == client_id}


def counts(row: dict) -> tuple[int, int, int, int]:
    return row["opened_count"], row["closed_count"], row["reopened_count"], row["backlog_count"]


@pytest.mark.parametrize("unit", ["week", "quarter"])
@pytest.mark.parametrize("client_id", list(ZONES))
def test_every_week_and_quarter_is_what_counting_by_hand_gives(planted, client_id, unit):
    lives = planted.known.lives[client_id]
    expected = count_periods(lives, ZONES[client_id], unit, AS_OF)
    assert len(expected) > (100 if unit == "week" else 8)
    assert sum(period.reopened for period in expected.values()) > 50
    found = {
        date.fromisoformat(row["period_start_on"]): Period(*counts(row))
        for row in planted.now[f"tickets.flow_{unit}ly"]
        if row["client_id"] == client_id
    }
    assert found == expected


def test_zones_differ_on_the_same_tickets_boundary(planted):
    weeks = flow(planted.now, "tickets.flow_weekly", "cases")
    quarters = flow(planted.now, "tickets.flow_quarterly", "cases")
    # 2026-09-20 20:59:59Z and 21:00:00Z are Sunday and Monday in Athens; ten days later they part two quarters.
    assert (weeks["2026W38"]["opened_count"], weeks["2026W39"]["opened_count"]) == (2, 1)
    assert quarters["2026Q4"]["opened_count"] == 1
    assert quarters["2026Q3"]["opened_count"] == 8


def test_a_reopening_counts_when_it_happens_and_leaves_the_closed_quarter_alone(planted):
    during = flow(planted.now, "tickets.flow_quarterly", "cases")
    # Closed in it: tickets 1, 2, 9 and 10; reopened: 2 and 9. Ticket 1 is reopened on the second of October.
    assert counts(during["2026Q3"]) == (8, 4, 2, 6)
    assert counts(during["2026Q4"]) == (1, 0, 1, 8)
    reviewed = flow(planted.quarter_before, "tickets.flow_quarterly", "cases")
    assert counts(reviewed["2026Q3"]) == (8, 4, 2, 6)
    assert "2026Q4" not in reviewed
    assert reviewed["2026Q3"]["is_period_complete"]
    assert not during["2026Q4"]["is_period_complete"]


def test_changes_within_one_second_keep_their_order(planted):
    week = flow(planted.now, "tickets.flow_weekly", "cases")["2026W38"]
    # New, waiting, done and new again in one second: closed once and reopened once.
    assert (week["closed_count"], week["reopened_count"]) == (1, 1)


def test_a_ticket_made_in_a_closing_stage_is_closed_from_its_first_instant(planted):
    weeks = flow(planted.now, "tickets.flow_weekly", "cases")
    assert counts(weeks["2026W36"]) == (1, 1, 0, 0)
    assert weeks["2026W39"]["reopened_count"] == 1


def test_a_message_older_than_its_ticket_does_not_close_it_before_it_is_there(planted):
    weeks = flow(planted.now, "tickets.flow_weekly", "cases")
    assert weeks["2026W37"]["closed_count"] == 1
    assert all(row["backlog_count"] >= 0 for row in weeks.values())


def test_what_odoo_did_not_track_is_dated_by_what_it_stamped_and_says_so(planted):
    weeks = flow(planted.now, "tickets.flow_weekly", "stamped")
    closings = {period: (row["closed_count"], row["stamped_close_count"]) for period, row in weeks.items()}
    assert {period: counted for period, counted in closings.items() if counted != (0, 0)} == {
        "2026W28": (1, 1),  # closed, and nothing says when: at its opening
        "2026W31": (1, 0),
        "2026W32": (1, 0),
        "2026W38": (1, 1),  # closed_date
        "2026W39": (1, 1),  # last change of stage
        "2026W40": (1, 1),  # not the closed_date that survived a reopening
    }
    assert weeks["2026W33"]["reopened_count"] == 1


def test_archived_tickets_count_and_deleted_ones_leave_the_backlog_when_they_are_missed(planted):
    weeks = flow(planted.now, "tickets.flow_weekly", "stamped")
    assert [weeks[f"2026W{number}"]["opened_count"] for number in (28, 29, 30)] == [4, 1, 2]
    assert (weeks["2026W40"]["backlog_count"], weeks["2026W41"]["backlog_count"]) == (2, 1)
    assert weeks["2026W41"]["deleted_open_count"] == 1
    assert sum(row["deleted_open_count"] for row in weeks.values()) == 1


def test_tasks_are_tickets_by_their_state_and_before_17_by_their_stage(planted):
    states = flow(planted.now, "tickets.flow_weekly", "states")
    assert counts(states["2026W28"]) == (4, 0, 0, 4)
    closings = {period: row["closed_count"] for period, row in states.items() if row["closed_count"]}
    assert closings == {"2026W29": 1, "2026W30": 1, "2026W31": 1}
    assert sum(row["stamped_close_count"] for row in states.values()) == 2
    assert states["2026W41"]["backlog_count"] == 1
    stages = flow(planted.now, "tickets.flow_weekly", "stages")
    assert counts(stages["2026W28"]) == (2, 0, 0, 2)
    assert counts(stages["2026W29"]) == (0, 1, 0, 1)
    assert stages["2026W29"]["stamped_close_count"] == 0


def test_a_client_whose_tickets_cannot_be_counted_has_no_rows_and_a_reason(planted):
    for seen in (planted.now, planted.quarter_before):
        assert not flow(seen, "tickets.flow_weekly", "ticketless")
        assert not flow(seen, "tickets.flow_weekly", "unread")
    reasons = {
        row["client_id"]: (row["trend"], row["reason"])
        for row in planted.now["tickets.trend"]
        if row["client_id"] in ("ticketless", "unread")
    }
    assert reasons == {
        "ticketless": (
            "n/a",
            "this client's Odoo has no helpdesk.ticket, which the registry names as its ticket source",
        ),
        "unread": ("n/a", "nothing was read of this client's helpdesk.ticket yet"),
    }


def test_what_is_published_is_the_last_two_years_without_a_gap(planted):
    for client_id in ZONES:
        rows = [row for row in planted.now["review_candidate.ticket_flow"] if row["client_id"] == client_id]
        weeks = sorted(date.fromisoformat(row["period_start_on"]) for row in rows if row["period_kind"] == "week")
        assert len(weeks) == 105
        assert {(later - earlier).days for earlier, later in pairwise(weeks)} == {7}
        assert [row["is_period_complete"] for row in rows].count(False) == 2
        assert len([row for row in rows if row["period_kind"] == "quarter"]) == 9
