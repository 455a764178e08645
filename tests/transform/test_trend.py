"""The year-on-year claim in SQL against scipy on the same series."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.transform import trends


@pytest.fixture
def found(planted) -> dict[str, dict]:
    return {row["client_id"]: row for row in planted.now["tickets.trend"]}


def test_the_claim_is_scipys_on_random_series(planted, found):
    series = {name: counts for name, counts in planted.known.weekly_counts.items() if name.startswith("series_")}
    assert len(series) == 30
    occurring: Counter[str] = Counter()
    for client_id, counts in series.items():
        row, claim = found[client_id], trends.claim(counts)
        assert row["week_count"] == len(counts)
        assert (row["recent_count"], row["earlier_count"]) == (sum(counts[-52:]), sum(counts[-104:-52]))
        assert row["trend"] == claim.trend, client_id
        assert row["t_value"] == pytest.approx(claim.t_value, rel=1e-9)
        assert row["change_pct"] == pytest.approx(claim.change_pct, rel=1e-9)
        # The quantile is written with three decimals in the model.
        assert row["change_low_pct"] == pytest.approx(claim.low_pct, abs=0.05)
        assert row["change_high_pct"] == pytest.approx(claim.high_pct, abs=0.05)
        occurring[claim.trend] += 1
    assert set(occurring) == {"declining", "growing", "flat", "not proven"}


def test_steady_weeks_are_flat_because_the_interval_is_narrow(found):
    assert found["steady"]["trend"] == "flat"
    assert found["steady"]["t_value"] == 0
    assert found["steady"]["reason"].startswith(
        "1040 tickets opened in the last 52 weeks against 1040 in the 52 before: +0.0 %"
    )


def test_half_as_many_tickets_are_a_decline(found):
    assert (found["halved"]["trend"], found["halved"]["change_pct"]) == ("declining", -50)


def test_less_than_two_complete_years_prove_nothing(found):
    assert found["young"]["trend"] == "not proven"
    assert found["young"]["reason"] == "only 103 complete weeks of tickets: a year-on-year comparison needs 104"
    assert found["young"]["change_pct"] is None


def test_nothing_to_compare_with_proves_nothing(found):
    assert (found["begun"]["trend"], found["begun"]["week_count"]) == ("not proven", 104)
    assert found["begun"]["reason"] == (
        "no ticket was opened in the 52 weeks before the last 52: nothing to compare with"
    )


def test_the_scorecard_repeats_the_claim_as_a_verdict(planted, found):
    verdicts = {"declining": "good", "growing": "act", "flat": "watch", "not proven": "not proven", "n/a": "n/a"}
    rows = [row for row in planted.now["review_candidate.scorecard"] if row["kpi"] == "ticket_trend"]
    assert len(rows) == len(found) > 50
    for row in rows:
        trend = found[row["client_id"]]
        assert (row["verdict"], row["value"]) == (verdicts[trend["trend"]], trend["change_pct"])
