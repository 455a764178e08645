"""The claims on a trend in SQL against scipy on the same series."""

from __future__ import annotations

from collections import Counter

import pytest
from scipy import stats

from tests.transform import trends


@pytest.fixture(scope="module")
def claims(planted) -> dict[tuple[str, str], dict]:
    return {(row["client_id"], row["category"]): row for row in planted.now["tickets.trend"]}


@pytest.fixture(scope="module")
def found(claims) -> dict[str, dict]:
    return {client_id: row for (client_id, category), row in claims.items() if category == ""}


@pytest.fixture(scope="module")
def slopes(planted) -> dict[tuple[str, str], dict]:
    rows = planted.now["staging.int_tickets__trend_slope"]
    return {(row["client_id"], row["category"]): row for row in rows}


def assert_is_claim(row: dict, claim: trends.Claim) -> None:
    assert row["test"] == "year on year"
    assert row["t_value"] == pytest.approx(claim.t_value, rel=1e-9, abs=1e-12)
    assert row["p_value"] == pytest.approx(claim.p_value, rel=1e-6, abs=1e-12)
    assert row["change_pct"] == pytest.approx(claim.change_pct, rel=1e-9, abs=1e-9)
    assert row["change_low_pct"] == pytest.approx(claim.low_pct, rel=1e-9, abs=1e-9)
    assert row["change_high_pct"] == pytest.approx(claim.high_pct, rel=1e-9, abs=1e-9)


def test_two_years_compared_are_scipys_on_random_series(planted, found):
    series = {name: counts for name, counts in planted.known.weekly_counts.items() if name.startswith("series_")}
    assert len(series) == 100
    occurring: Counter[str] = Counter()
    for client_id, counts in series.items():
        row, claim = found[client_id], trends.claim(counts)
        assert (row["week_count"], row["ticket_count"]) == (len(counts), sum(counts[-104:]))
        assert (row["recent_count"], row["earlier_count"]) == (sum(counts[-52:]), sum(counts[-104:-52]))
        assert row["trend"] == claim.trend, client_id
        assert row["adjusted_p_value"] == row["p_value"]
        assert_is_claim(row, claim)
        occurring[claim.trend] += 1
    assert set(occurring) == {"declining", "growing", "flat", "not proven"}
    assert min(occurring.values()) >= 5


def test_slope_and_mann_kendall_are_scipys_on_random_series_with_ties(planted, found, slopes):
    series = {name: counts for name, counts in planted.known.weekly_counts.items() if name.startswith("short_")}
    assert len(series) == 100
    kinds: Counter[str] = Counter()
    for client_id, counts in series.items():
        row, shown, known = slopes[client_id, ""], found[client_id], trends.slope(counts)
        assert (row["point_count"], row["ticket_count"]) == (len(counts), sum(counts))
        assert row["slope_per_week"] == pytest.approx(known.slope, rel=1e-9, abs=1e-12), client_id
        assert row["tau"] == pytest.approx(known.tau, rel=1e-9), client_id
        plain = 2 * stats.norm.sf(abs(row["concordance"]) / row["variance"] ** 0.5)
        assert plain == pytest.approx(known.plain_p_value, rel=1e-9)
        assert row["variance_factor"] == pytest.approx(known.variance_factor, rel=1e-9)
        assert row["p_value"] == shown["p_value"] == pytest.approx(known.p_value, rel=1e-7)
        assert shown["slope_pct"] == pytest.approx(known.slope * 5200 / (sum(counts) / len(counts)), rel=1e-9)
        if known.variance_factor == 1:
            assert row["slope_low_per_week"] == pytest.approx(known.low, rel=1e-9, abs=1e-12)
            assert row["slope_high_per_week"] == pytest.approx(known.high, rel=1e-9, abs=1e-12)
        else:
            assert row["slope_low_per_week"] <= known.low
            assert row["slope_high_per_week"] >= known.high
        kinds["tied" if len(set(counts)) < len(counts) else "all different"] += 1
        kinds["plain" if known.variance_factor == 1 else "autocorrelated"] += 1
    assert min(kinds["all different"], kinds["plain"]) >= 3
    assert min(kinds["tied"], kinds["autocorrelated"]) >= 40


def test_without_the_policys_leave_a_short_series_claims_nothing(planted, found):
    rows = [row for client_id, row in found.items() if client_id.startswith("short_")]
    assert len(rows) == 100
    assert min(row["p_value"] for row in rows) < 1e-6
    for row in rows:
        assert (row["trend"], row["test"], row["change_pct"]) == ("not proven", "short series", None)
        start = (
            f"season not removed: only {row['week_count']} complete weeks, a year-on-year comparison needs 104; slope"
        )
        assert row["reason"].startswith(start)


def test_a_categorys_claim_is_that_of_benjamini_and_hochberg_over_the_clients_categories(planted, claims):
    occurring: Counter[str] = Counter()
    assert len(planted.known.split_counts) == 12
    for client_id, split in planted.known.split_counts.items():
        known = {category: trends.claim(counts) for category, counts in split.items()}
        adjusted = stats.false_discovery_control([claim.p_value for claim in known.values()], method="bh")
        for (category, claim), adjusted_p_value in zip(known.items(), adjusted, strict=True):
            row = claims[client_id, category]
            assert_is_claim(row, claim)
            assert row["adjusted_p_value"] == pytest.approx(adjusted_p_value, rel=1e-6, abs=1e-12)
            if adjusted_p_value < trends.ALPHA:
                assert row["trend"] == ("declining" if claim.t_value < 0 else "growing")
            elif claim.p_value < trends.ALPHA:
                assert row["trend"] == "not proven"
                assert row["reason"].endswith("among the client's categories that may be chance")
                occurring["by chance"] += 1
            occurring[row["trend"]] += 1
        whole = [sum(weekly) for weekly in zip(*split.values(), strict=True)]
        assert_is_claim(claims[client_id, ""], trends.claim(whole))
        assert claims[client_id, ""]["trend"] == trends.claim(whole).trend
    assert set(occurring) >= {"declining", "growing", "not proven", "by chance"}


def test_steady_weeks_are_flat_because_the_interval_is_narrow(found):
    assert found["steady"]["trend"] == "flat"
    assert found["steady"]["t_value"] == 0
    assert found["steady"]["reason"].startswith(
        "1040 tickets opened in the last 52 weeks against 1040 in the 52 before: +0.0 %"
    )


def test_half_as_many_tickets_are_a_decline(found):
    assert (found["halved"]["trend"], found["halved"]["change_pct"]) == ("declining", -50)


def test_in_the_stabilisation_phase_the_numbers_stand_and_nothing_is_claimed(found):
    assert (found["stabilising"]["trend"], found["stabilising"]["change_pct"]) == ("not proven", -50)
    assert found["stabilising"]["p_value"] == found["halved"]["p_value"] < 0.001
    assert found["stabilising"]["reason"] == "stabilisation phase until 2026-10-07: no claim is made in it"


def test_equal_weeks_have_no_tau_and_prove_nothing(found):
    assert (found["young"]["trend"], found["young"]["tau"], found["young"]["p_value"]) == ("not proven", None, 1)
    assert found["young"]["reason"].startswith("season not removed: only 103 complete weeks")


def test_too_few_weeks_or_tickets_are_not_even_looked_at(found):
    assert found["eleven"]["test"] == found["sparse"]["test"] == "none"
    assert found["eleven"]["reason"] == "only 11 complete weeks of tickets: a year-on-year comparison needs 104"
    assert found["sparse"]["reason"] == "only 29 tickets in 49 complete weeks: fewer than 30 prove nothing"
    assert {found[name]["trend"] for name in ("eleven", "sparse")} == {"not proven"}


def test_nothing_to_compare_with_proves_nothing(found):
    assert (found["begun"]["trend"], found["begun"]["week_count"]) == ("not proven", 104)
    assert found["begun"]["reason"] == (
        "no ticket was opened in the 52 weeks before the last 52: nothing to compare with"
    )


def test_before_users_are_known_for_two_years_nothing_is_said_per_user(planted, claims):
    for (client_id, category), row in claims.items():
        assert (row["per_user_trend"], row["per_user_change_pct"]) == ("n/a", None)
        if client_id.startswith("series_"):
            assert row["per_user_reason"] == (
                "per active user all tickets are taken together"
                if category
                else "active users are known of 0 of the last 104 weeks: their history begins with the first reading"
            )


def test_the_scorecard_repeats_the_claim_as_a_verdict(planted, found):
    verdicts = {"declining": "good", "growing": "act", "flat": "watch", "not proven": "not proven", "n/a": "n/a"}
    rows = [row for row in planted.now["review_candidate.scorecard"] if row["kpi"] == "ticket_trend"]
    assert len(rows) == len(found) > 50
    for row in rows:
        trend = found[row["client_id"]]
        assert (row["verdict"], row["value"]) == (verdicts[trend["trend"]], trend["change_pct"])


def test_what_is_published_is_the_claim(planted, claims):
    rows = planted.now["review_candidate.ticket_trend"]
    assert len(rows) == len(claims)
    for row in rows:
        claim = claims[row["client_id"], row["category"]]
        assert {name: value for name, value in row.items() if name != "build_id"}.items() <= claim.items()
