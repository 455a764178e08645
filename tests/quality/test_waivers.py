"""A waiver lets one client off one check until its day is over, is told before and after, never of isolation."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import yaml
from driftline import alerts, publish, quality
from driftline.errors import ConfigError
from driftline.quality.suites import load_suites

from tests.conftest import REPOSITORY
from tests.quality import candidates
from tests.quality.candidates import BUILD_ID, NIGHT_ID, NOW

PLACE = ("review_candidate.ticket_flow", "backlog_agrees")
PLANT = "update review_candidate.ticket_flow set backlog_count = 17 where period = '2026W47' and client_id = 'acme'"


@pytest.fixture
def built(warehouse, registry_file):
    candidates.make_tables(warehouse)
    candidates.fill(warehouse, ["acme", "beta"])
    zone = {"timezone": "Europe/Athens"}
    return registry_file(warehouse, acme=zone, beta=zone)


@pytest.fixture
def check(built, tmp_path):
    """Check the build under one waiver, at a moment."""

    def run(*, now=NOW, place=PLACE, client="acme", until=date(2026, 11, 30)):
        entry = {
            "client": client, "suite": place[0], "expectation": place[1], "reason": "A known fault, CHG-131.",
            "owner": "K. Ioannou", "from": date(2026, 11, 1), "until": until,
        }  # fmt: skip
        (tmp_path / "waivers.yml").write_text(yaml.safe_dump({"waivers": {"late": entry}}))
        return quality.check(replace(built.settings, policies_from=tmp_path), build_id=BUILD_ID, now=now)

    return run


def standing(warehouse):
    ((state, days_left),) = warehouse.rows("select state, days_left from quality.waiver where waiver = 'late'")
    return state, days_left


def told(built, now=NOW):
    publish.publish(built.settings, build_id=BUILD_ID, now=now)
    return alerts.send(built.settings, night_id=NIGHT_ID, now=now).body


def test_a_waived_failure_is_stored_and_closes_nothing(built, check):
    built.rows(PLANT)
    assert check().open_clients == ("acme", "beta")
    assert built.rows(
        "select suite, expectation, client_id, waived_by, failing_count from quality.check_result where not is_passed"
    ) == [(*PLACE, "acme", "late", 1)]
    assert standing(built) == ("used", 9)


def test_a_waiver_is_of_its_client_alone(built, check):
    built.rows(PLANT.replace("acme", "beta"))
    assert set(check().closed_clients) == {"beta"}
    assert standing(built) == ("unused", 9)


@pytest.mark.parametrize(
    ("now", "is_open", "state"),
    [
        (datetime(2026, 10, 31, 21, 59, tzinfo=UTC), False, "not begun"),  # 23:59 in Athens
        (datetime(2026, 10, 31, 22, 0, tzinfo=UTC), True, "used"),
        (datetime(2026, 11, 30, 21, 59, tzinfo=UTC), True, "used"),
        (datetime(2026, 11, 30, 22, 0, tzinfo=UTC), False, "expired"),
    ],
)
def test_a_waiver_holds_on_its_days_in_the_clients_own_time(built, check, now, is_open, state):
    built.rows(PLANT)
    assert ("acme" in check(now=now).open_clients) is is_open
    assert standing(built)[0] == state


def test_an_end_is_told_a_week_before_and_afterwards_and_an_unused_one_at_once(built, check):
    built.rows(PLANT)
    check(now=NOW, until=date(2026, 11, 29))
    assert "waiver" not in told(built)
    check(now=NOW + timedelta(days=1), until=date(2026, 11, 29))
    assert (
        "WARNING, new: acme: waiver late of review_candidate.ticket_flow: backlog_agrees (owner K. Ioannou) ends on"
        " 2026-11-29: from then on the check counts again" in told(built)
    )
    check(now=NOW + timedelta(days=9), until=date(2026, 11, 29))
    body = told(built)
    assert "has expired on 2026-11-29: the check counts again" in body
    assert "OVER: acme: waiver late ends soon" in body
    assert "CRITICAL, new: acme: not published: failed:" in body
    built.rows("update review_candidate.ticket_flow set backlog_count = 16 where period = '2026W47'")
    check(now=NOW)
    assert "is not needed: the check holds" in told(built)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (("review_candidate.scorecard", "known_clients"), "is a check of isolation, which nothing is let off"),
        (("review_candidate.scorecard", "one_build"), "is a check of isolation"),
        (("tickets.flow_quarterly", "agrees_with_weeks"), "is a check of reference"),
        (("quality.checked_client", "is_read"), "is a check of isolation"),
        (("review_candidate.scorecrd", "grain"), "no suite 'review_candidate.scorecrd'. Did you mean"),
        (("review_candidate.scorecard", "grains"), "has no expectation 'grains'. Did you mean 'grain'?"),
    ],
)
def test_what_keeps_clients_apart_or_is_not_there_cannot_be_waived(check, place, message):
    with pytest.raises(ConfigError) as raised:
        check(place=place)
    assert message in str(raised.value)
    assert "waivers.yml: waiver 'late'" in str(raised.value)


def test_a_failure_of_the_whole_table_is_never_covered(built, check):
    built.rows("alter table review_candidate.ticket_flow add column mood text")
    assert check(place=("review_candidate.ticket_flow", "columns")).open_clients == ()


def test_every_rule_that_looks_for_strangers_is_one_of_isolation():
    found = 0
    for suite in load_suites(REPOSITORY / "expectations"):
        for item in suite.expectations:
            if "c.client_id is null" in str(item.kwargs):
                assert item.kind == "isolation", (suite.table, item.id)
                found += 1
    assert found > 10
