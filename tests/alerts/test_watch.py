"""The look from outside the scheduler: late nights and a silent warehouse are told once, and their end."""

from dataclasses import replace
from datetime import timedelta

import pytest
from driftline.alerts.watch import watch
from driftline.errors import AlertError

from tests.alerts.receivers import webhook
from tests.quality import candidates
from tests.quality.candidates import AS_OF_AT

RECENT = AS_OF_AT + timedelta(hours=25)
LATE = AS_OF_AT + timedelta(hours=27)


@pytest.fixture
def watched(warehouse, tmp_path):
    candidates.fill(warehouse, ["acme"], only=["ops.client", "ops.night"])
    with webhook() as (port, received):
        settings = replace(warehouse.settings, build_folder=tmp_path, alert_urls=(f"json://127.0.0.1:{port}",))
        yield settings, received


def test_a_night_in_time_is_no_message(watched):
    settings, received = watched
    assert watch(settings, now=RECENT).is_well
    assert received == []


def test_a_late_night_is_told_once_daily_and_when_it_is_over(watched, warehouse):
    settings, received = watched
    states = [watch(settings, now=LATE + timedelta(hours=hours)).is_told for hours in (0, 1, 23, 24, 25)]
    assert states == [True, False, False, True, False]
    assert received[0]["message"] == (
        "CRITICAL: no night was finished within 26 hours; the last one, night-1, at 2026-11-21 02:00 UTC."
        " Look: driftline status. See docs/runbooks/night-missing.md."
    )
    warehouse.rows("update ops.night set finished_at = %s", LATE + timedelta(hours=26))
    assert watch(settings, now=LATE + timedelta(hours=27)).is_told
    assert (received[-1]["title"], received[-1]["message"]) == (
        "Driftline: all well again", "OVER: night-1 was finished at 2026-11-23 07:00 UTC.")  # fmt: skip
    assert len(received) == 3


def test_a_comparison_or_a_past_day_is_no_night(watched, warehouse):
    settings, _ = watched
    warehouse.rows("update ops.night set kind = 'reconcile'")
    assert "there never was one" in watch(settings, now=RECENT).text


def test_a_warehouse_that_does_not_answer_is_told_without_its_address(watched):
    settings, received = watched
    gone = replace(settings, warehouse_url="postgresql://someone:hunter2@127.0.0.1:1/none")
    assert watch(gone, now=RECENT).state == "unreachable"
    assert received[0]["message"].startswith("CRITICAL: the warehouse does not answer: the warehouse cannot be reached")
    assert "hunter2" not in str(received)


def test_what_was_not_delivered_is_tried_again(watched):
    settings, received = watched
    with pytest.raises(AlertError, match="not delivered: route 1 of 1"):
        watch(replace(settings, alert_urls=("json://127.0.0.1:1",)), now=LATE)
    assert watch(settings, now=LATE).is_told
    assert len(received) == 1
