"""What the nights found of each revocation, on planted histories: done, pending, overdue, undone, still implied."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from driftline import transform

from tests.access_review.conftest import CLIENT, QUARTER, Open

DECIDED_AT = datetime(2026, 11, 20, 10, tzinfo=UTC)
LAST_NIGHT = datetime(2026, 12, 20, 2, tzinfo=UTC)
OFFICER, USER = 19, 18  # of the helpdesk: the first implies the second


def night(day: int, month: int = 11) -> datetime:
    return datetime(2026, month, day, 2, tzinfo=UTC)


def membership(opened: Open, user: int, group: int, moment: datetime, *, is_deleted: bool) -> None:
    """Write what a night's snapshot would: the version before ends, the next begins."""
    rows, key = opened.warehouse.rows, (CLIENT, user, group)
    rows(
        "update snapshots.res_groups_users_rel set dbt_valid_to = %s"
        " where client_id = %s and odoo_user_id = %s and odoo_group_id = %s and dbt_valid_to is null",
        moment, *key,
    )  # fmt: skip
    rows(
        "insert into snapshots.res_groups_users_rel (client_id, odoo_user_id, odoo_group_id, is_deleted,"
        " dbt_valid_from) values (%s, %s, %s, %s, %s)",
        *key, is_deleted, moment,
    )  # fmt: skip


def revoke(opened: Open, user: int, group: int, *, decided_at: datetime = DECIDED_AT) -> int:
    """Decide a line; one that the roster does not have is added to it."""
    rows = opened.warehouse.rows
    rows(
        "insert into ops.access_roster select client_id, quarter, 1000 + %s * 100 + %s, 1, 'staff', 'membership', %s,"
        " 'x', %s, 'x', 'x', 'keep', '' from ops.access_cycle on conflict do nothing",
        user, group, user, str(group),
    )  # fmt: skip
    ((line,),) = rows(
        "select line from ops.access_roster where kind = 'membership' and odoo_user_id = %s and subject_key = %s",
        user, str(group),
    )  # fmt: skip
    rows(
        "insert into ops.access_decision select client_id, quarter, 1, %s, 'revoke', 'x', %s, '', '', null"
        " from ops.access_cycle",
        line, decided_at,
    )  # fmt: skip
    return line


def states(opened: Open, lines: dict[str, int], *, at: datetime) -> dict[str, tuple]:
    variables = {"build_id": "carried out", "as_of_at": at.isoformat(), "quarter": ""}
    command = ["run", "--select", "access_carried_out"]
    result = transform.run_dbt(opened.warehouse.settings, command, variables=variables)
    assert result.success
    found = {
        line: (state, detail, done_at)
        for line, state, detail, done_at in opened.warehouse.rows(
            "select line, state, detail, done_at from access.carried_out"
        )
    }
    assert set(found) == set(lines.values())
    return {name: found[line] for name, line in lines.items()}


@pytest.fixture
def decided(opened: Open) -> tuple[Open, dict[str, int]]:
    opened.warehouse.rows(
        "insert into ops.access_import values (%s, %s, 1, 1, 'x', 'x', %s, 'x', 'x', 1)", CLIENT, QUARTER, DECIDED_AT
    )
    lines = {
        "gone": revoke(opened, 7, 23),
        "stays": revoke(opened, 17, 23),
        "came back": revoke(opened, 6, 23),
        "gone again": revoke(opened, 16, 23),
        "gone before": revoke(opened, 12, 23, decided_at=night(25)),
        "implied": revoke(opened, 7, USER),
        "never there": revoke(opened, 22, 4),
    }
    membership(opened, 7, 23, night(23), is_deleted=True)
    for user in (6, 16):
        membership(opened, user, 23, night(22), is_deleted=True)
        membership(opened, user, 23, night(24), is_deleted=False)
    membership(opened, 16, 23, night(28), is_deleted=True)
    membership(opened, 12, 23, night(24), is_deleted=True)
    membership(opened, 7, USER, night(22), is_deleted=True)
    rows = opened.warehouse.rows
    for number, moment in enumerate((night(26), LAST_NIGHT)):
        name = f"later {number}"
        rows("insert into ops.night (night_id, as_of_at, started_at, client_ids, state)"
            " values (%s, %s, %s, %s, 'finished')",
            name, moment, moment, [CLIENT],
        )  # fmt: skip
        rows(
            "insert into ops.client_run (night_id, client_id, state, started_at) values (%s, %s, 'succeeded', %s)",
            name, CLIENT, moment,
        )  # fmt: skip
    return opened, lines


def test_each_revocation_is_what_the_nights_found(decided):
    opened, lines = decided
    # The last night before the decision saw nothing of it.
    before = states(opened, lines, at=datetime(2026, 11, 20, 12, tzinfo=UTC))
    assert set(before.values()) == {("pending", "no night has read this client since", None)}

    within = states(opened, lines, at=night(26))
    assert within == {
        "gone": ("done", "", night(23)),
        "stays": ("pending", "still there", None),
        "came back": ("undone", "came back", None),
        "gone again": ("undone", "came back", None),
        "gone before": ("done", "", night(24)),
        "implied": ("done", "", night(22)),
        "never there": ("done", "", night(26)),
    }
    late = states(opened, lines, at=LAST_NIGHT)
    assert late == within | {
        "stays": ("overdue", "still there", None),
        "gone again": ("done", "", night(28)),
        "never there": ("done", "", LAST_NIGHT),
    }
    days = dict(opened.warehouse.rows("select line, taken_days from access.carried_out where taken_days is not null"))
    assert days[lines["gone"]] == pytest.approx(2 + 16 / 24)
    assert days[lines["gone before"]] == 0


def test_from_19_a_group_that_is_implied_is_not_done(decided):
    opened, lines = decided
    assert opened.warehouse.rows(
        "select count(*) from snapshots.res_groups_implied_rel where odoo_group_id = %s and implied_odoo_group_id = %s",
        OFFICER, USER,
    ) == [(1,)]  # fmt: skip
    opened.warehouse.rows("update staging.int_review__odoo_version set major = 19 where client_id = %s", CLIENT)
    late = states(opened, lines, at=LAST_NIGHT)
    assert late["implied"] == ("overdue", "no longer given, but implied by another group", None)
    assert late["gone"] == ("done", "", night(23))
