"""How tickets arrive and move, whatever the seed; and the client's own clock."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest

from demo import odoo
from demo.odoo.clock import Clock
from demo.odoo.lifecycle import CLOSED, Story, tell_stories

MIDWEEK = datetime(2026, 11, 18, 11, 30, tzinfo=UTC)
SEEDS = range(6)
TRUTH = odoo.load_truth().clients


def stories(client_id: str, seed: int, zone: str = "UTC") -> tuple[list[Story], Clock]:
    clock = Clock(MIDWEEK, ZoneInfo(zone))
    return tell_stories(TRUTH[client_id].tickets, clock, Random(seed), agent_count=4), clock


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("client_id", ["aegean", "boreal", "cordoba", "egret"])
def test_a_trend_is_there_whatever_the_seed(client_id, seed):
    told, clock = stories(client_id, seed)
    weeks = [(story.opened_at.date() - clock.first_monday).days // 7 for story in told]
    last, before = sum(61 <= week < 113 for week in weeks), sum(9 <= week < 61 for week in weeks)
    standard_errors = (last - before) / (last + before) ** 0.5
    expected = {"declining": (-99, -4), "growing": (4, 99), "flat": (-0.5, 0.5)}[TRUTH[client_id].tickets.trend]
    assert expected[0] <= standard_errors <= expected[1]


@pytest.mark.parametrize("seed", SEEDS)
def test_no_story_knows_the_future(seed):
    told, clock = stories("boreal", seed)
    assert clock.now == datetime(2026, 11, 18, 11, 30)  # noqa: DTZ001 - Odoo's own way of telling UTC
    assert max(story.opened_at for story in told) > clock.days_ago(2)
    for story in told:
        moments = [story.opened_at, *(move.at for move in story.moves), *(at for at, _ in story.comments)]
        assert max([*moments, story.assigned_at or story.opened_at]) <= clock.now


def test_moves_follow_each_other_in_time_and_stage():
    told, _ = stories("boreal", 1)
    moved = [story for story in told if len(story.moves) > 1]
    assert len(moved) > 500
    for story in moved:
        assert [move.old for move in story.moves[1:]] == [move.new for move in story.moves[:-1]]
        assert [move.at for move in story.moves] == sorted(move.at for move in story.moves)
        assert story.assigned_at <= story.moves[0].at
    pairs = [pair for story in moved for pair in pairwise(story.moves)]
    assert any(one.at.replace(microsecond=0) == two.at.replace(microsecond=0) for one, two in pairs)
    assert any(move.old in CLOSED for story in moved for move in story.moves)


def test_answers_come_in_the_clients_own_working_hours():
    told, _ = stories("delta", 1, zone="Asia/Kolkata")
    assert len(told) == 24
    for story in told:
        for move in story.moves:
            local = move.at.replace(tzinfo=UTC).astimezone(ZoneInfo("Asia/Kolkata"))
            assert local.weekday() < 5
            assert 8 <= local.hour < 18


def test_days_are_the_clients_own():
    late = datetime(2026, 9, 30, 23, 30, tzinfo=UTC)
    assert Clock(late, ZoneInfo("Europe/Athens")).today == date(2026, 10, 1)
    assert Clock(late, ZoneInfo("America/Argentina/Cordoba")).today == date(2026, 9, 30)
    assert Clock(late, ZoneInfo("Europe/Athens")).first_monday == date(2024, 7, 29)
