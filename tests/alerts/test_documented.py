"""Every kind of message stands in docs/alerts.md as it reads."""

import pytest
from driftline import alerts
from driftline.alerts import finding

from tests.alerts.test_alerts import Nights
from tests.conftest import REPOSITORY
from tests.quality.candidates import NOW

DOCUMENT = REPOSITORY / "docs" / "alerts.md"

_CHECKED = (
    "insert into quality.waiver (build_id, client_id, waiver, suite, expectation, reason, owner, from_on, until_on,"
)
_WAIVER = (
    f"{_CHECKED} state, days_left) values ('build-1', 'acme', '{{state}}', 'review_candidate.ticket_flow',"
    " 'backlog_agrees', 'x', 'K. Ioannou', '2026-11-01', '2026-11-24', '{state}', 3);"
)
_PROOF = (
    "insert into ops.completeness (night_id, client_id, model, source_count, warehouse_count, tombstone_count,"
    " held_count, method, verdict, checked_at) values ('night-1', '{client}', 'res.partner', 80, 100, 0, {held},"
    " 'digest', '{verdict}', now());"
)
PLANTED = "".join(
    (
        _WAIVER.format(state="used"),
        _WAIVER.format(state="unused"),
        _WAIVER.format(state="expired"),
        _PROOF.format(client="acme", held=20, verdict="held"),
        _PROOF.format(client="gamma", held=0, verdict="hidden").replace("res.partner", "hr.employee"),
        _PROOF.format(client="gamma", held=0, verdict="incomplete").replace("res.partner", "res.users"),
        "insert into ops.visibility (client_id, model, verdict, reason, night_id, checked_at)"
        " values ('gamma', 'mail.message', 'partial', 'x', 'night-1', now());"
        "insert into ops.reconciliation values ('night-1', 'gamma', 'res.groups', 'x', 50, 3, 'repaired', 1, now());"
        "insert into quality.voided_kpi values ('build-1', 'gamma', 'ticket_trend', 'its own check failed: Values are"
        " finite numbers (review_candidate.scorecard: finite_value)');"
        "insert into quality.check_result (build_id, suite, expectation, severity, client_id, is_passed,"
        " failing_count, checked_at) values ('build-1', 'review_candidate.scorecard', 'six_kpis', 'critical', 'acme',"
        " false, 1, now())",
    )
)
ANSWER = (
    "update ops.build set quarter = '2026Q3'; delete from review.publication;"
    " insert into ops.review_decision (build_id, quarter, run_id, outcome, decided_by, comment, decided_at)"
    " values ('build-1', '2026Q3', 'manual__1', '{outcome}', {who}, {comment}, now())"
)
RUNS = {
    "no build": "delete from quality.gate; delete from review.publication; delete from ops.build_client;"
    " delete from ops.build",
    "failed": "update ops.build set state = 'failed', error_message = 'dbt: 1 of 240 nodes failed and 12 were skipped'",
    "not checked": "delete from quality.gate",
    "not published": "delete from review.publication",
    "timed out": ANSWER.format(outcome="timed out", who="null", comment="''"),
    "rejected": ANSWER.format(outcome="rejected", who="'K. Ioannou'", comment="'ticket numbers look odd'"),
    "refused": ANSWER.format(outcome="refused", who="null", comment="''"),
}


@pytest.fixture
def nights(warehouse, registry_file):
    return Nights(
        registry_file(warehouse, acme={"alerts": {"owner": "K. Ioannou"}}, beta={"alerts": {"owner": "M. Stathis"}})
    ).good()


@pytest.fixture
def documented():
    return DOCUMENT.read_text().splitlines()


def tell(nights, **arguments):
    report = alerts.send(nights.warehouse.settings, **{"night_id": "night-1", "now": NOW, **arguments})
    return report.body.splitlines()[2:]


def test_each_matter_of_a_client_reads_as_documented(nights, documented):
    nights.unread("beta").failing("acme").closed(
        "acme", "failed: Every client has all six KPIs (review_candidate.scorecard: six_kpis)"
    ).warehouse.rows(PLANTED)
    told = tell(nights)
    assert len([line for line in told if ", new: " in line]) == 12
    assert [line for line in told if line not in documented] == []


@pytest.mark.parametrize("what", RUNS)
def test_each_matter_of_a_run_reads_as_documented(nights, documented, what):
    nights.warehouse.rows(RUNS[what])
    told = tell(nights, build_id=None if what == "no build" else "build-1")
    assert told[0].startswith("CRITICAL, new: ")
    assert [line for line in told if line not in documented] == []


def test_a_run_without_a_trace_reads_as_documented(nights, documented):
    told = tell(nights, night_id="scheduled__2026-11-22")
    assert [line for line in told if line not in documented] == []


def test_no_kind_is_missing(documented):
    text = "\n".join(documented)
    for runbook in set(finding._RUNBOOKS.values()):
        assert f"docs/runbooks/{runbook}.md" in text
