"""How often the claims are wrong, through the models' own SQL: printed (pytest -s) and held to the promised limits.

The same rates over more clients: python -m bench trend.
"""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg2
import pytest
from driftline import transform

from bench.trend_rates import SCENARIOS, measure_rates
from tests.transform import trends

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
CLIENTS = 400


@pytest.fixture(scope="module")
def simulated(new_world):
    world = new_world()
    built = transform.build(world.settings, night_id=None, as_of_at=None, quarter=None, now=NOW)
    connection = psycopg2.connect(world.settings.warehouse_url, options="-c TimeZone=UTC")
    connection.autocommit = True
    with connection.cursor() as cursor:
        rates = measure_rates(world.settings, cursor, build_id=built.build_id, seed=1, client_count=CLIENTS)
    connection.close()
    return world, {rate.scenario.name: rate for rate in rates}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_rate_of_wrong_verdicts_keeps_its_limit(simulated, scenario):
    rate = simulated[1][scenario.name]
    print(f"\n{scenario.name}: {rate.value:.4f} of {rate.client_count} (limit {scenario.limit}); {rate.verdicts}")
    assert rate.client_count == CLIENTS
    assert scenario.limit is None or rate.value <= scenario.limit


def test_the_promised_limits_are_asked_of_every_promised_world():
    limits = {scenario.name: scenario.limit for scenario in SCENARIOS}
    for world in ("poisson", "negative_binomial", "cycle", "cycle_and_ar"):
        for level in ("1", "2.5", "10", "40"):
            assert limits[f"false_claims.{world}_{level}_a_week"] == 0.05
    assert limits["missed_decline.cycle_and_ar_10_a_week"] == 0.20


def test_many_tickets_without_a_change_are_flat(simulated):
    assert simulated[1]["false_claims.poisson_40_a_week"].verdicts["flat"] > 0.95
    assert simulated[1]["false_claims.poisson_1_a_week"].verdicts.get("flat", 0) == 0


def test_a_growing_company_is_measured_per_user_as_scipy_does(simulated):
    world, rates = simulated
    assert rates["false_claims.per_user_of_a_growing_company"].verdicts["growing"] > 0.5
    rows = world.rows(
        "select t.client_id, t.per_user_trend, t.per_user_change_pct, t.per_user_low_pct, t.per_user_high_pct,"
        " array_agg(w.opened_count order by w.place desc), array_agg(w.active_user_count order by w.place desc)"
        " from tickets.trend t join staging.int_tickets__trend_week w on w.client_id = t.client_id"
        " where t.client_id like 'false_claims.per_user%' group by 1, 2, 3, 4, 5 order by 1 limit 50"
    )
    assert len(rows) == 50
    for client_id, trend, change_pct, low_pct, high_pct, opened, users in rows:
        mean = sum(users) / len(users)
        known = trends.claim([count * mean / user for count, user in zip(opened, users, strict=True)])
        assert trend == known.trend, client_id
        assert (change_pct, low_pct, high_pct) == pytest.approx((known.change_pct, known.low_pct, known.high_pct))


def test_where_policy_allows_it_a_short_series_is_claimed_by_its_p_value_and_its_interval(simulated):
    world, _ = simulated
    rows = world.rows(
        "select t.client_id, t.trend, t.change_pct, array_agg(w.opened_count order by w.place desc)"
        " from tickets.trend t join staging.int_tickets__trend_week w on w.client_id = t.client_id"
        " where t.client_id like 'false_claims.allowed_ar_103%' group by 1, 2, 3 order by 1 limit 150"
    )
    assert len(rows) == 150
    assert {row[1] for row in rows} == {"declining", "growing", "flat", "not proven"}
    for client_id, trend, change_pct, opened in rows:
        known = trends.slope(opened)
        assert change_pct == pytest.approx(known.slope * 5200 / (sum(opened) / len(opened)), abs=1e-9)
        expected = "growing" if known.slope > 0 else "declining" if known.slope < 0 else None
        assert (trend in ("declining", "growing")) == (known.p_value < 0.04 and expected is not None), client_id
        assert trend in ("flat", "not proven", expected)
        if trend == "flat":
            assert abs(change_pct) <= 20
