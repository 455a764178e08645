"""How often the trend's own SQL is wrong: simulated weeks of many clients, and the share of each verdict on them.

What is true of a scenario is known because it was drawn so. The weeks go where a build puts them
(`staging.int_tickets__trend_week`), and the models behind them are run by dbt over all clients at once. `bench_trend`
prints the rates as a benchmark; tests hold them against the same limits.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np
from driftline.transform import run_dbt
from psycopg2.extras import execute_values

if TYPE_CHECKING:
    from driftline.settings import Settings
    from psycopg2.extensions import cursor as Cursor

YEARS = 104
LAST_WEEK = date(2026, 11, 16)
MODELS = ["int_tickets__trend_year", "int_tickets__trend_slope", "int_tickets__trend_claim", "tickets_trend"]
CATEGORIES = 6
FALSE_LIMIT, MISSED_LIMIT = 0.05, 0.20

Rates = np.ndarray
Draw = Callable[[np.random.Generator, Rates], Rates]


@dataclass(frozen=True)
class Scenario:
    """Weeks as they are drawn, and which share is asked for: false claims, or a decline that was missed."""

    name: str
    level: float
    draw: tuple[Draw, ...] = ()
    weeks: int = YEARS
    asked: Literal["false", "missed", "false per user", "false by category"] = "false"
    is_short_claim_allowed: bool = False
    limit: float | None = FALSE_LIMIT
    note: str = ""


@dataclass(frozen=True)
class Rate:
    """The share of a scenario's clients of whom the asked is true, and the share of each verdict."""

    scenario: Scenario
    value: float
    client_count: int
    verdicts: dict[str, float]


def cycle(chance: np.random.Generator, rates: Rates) -> Rates:
    """Let the rate swing by a quarter over the year, each client with a high season of its own."""
    phase = chance.uniform(0, 2 * np.pi, (len(rates), 1))
    return rates * (1 + 0.25 * np.sin(2 * np.pi * np.arange(rates.shape[1]) / 52.18 + phase))


def autoregressive(deviation: float) -> Draw:
    """Let the logarithm of the rate wander: AR(1) from week to week with 0.5, of this stationary standard deviation."""

    def draw(chance: np.random.Generator, rates: Rates) -> Rates:
        warm_up = 50
        shocks = chance.normal(0, deviation * np.sqrt(1 - 0.5**2), (len(rates), rates.shape[1] + warm_up))
        for week in range(1, shocks.shape[1]):
            shocks[:, week] += 0.5 * shocks[:, week - 1]
        return rates * np.exp(shocks[:, warm_up:] - deviation**2 / 2)

    return draw


def overdispersed(chance: np.random.Generator, rates: Rates) -> Rates:
    """Draw each week's rate from a gamma distribution of shape 4: the counts are negative binomial."""
    return rates * chance.gamma(4, 1 / 4, rates.shape)


def falling(_: np.random.Generator, rates: Rates) -> Rates:
    """Let the rate fall by a tenth a quarter."""
    return rates * 0.9 ** (np.arange(rates.shape[1]) / 13)


def _scenarios() -> Iterator[Scenario]:
    worlds: dict[str, tuple[Draw, ...]] = {
        "poisson": (), "negative_binomial": (overdispersed,), "cycle": (cycle,),
        "cycle_and_ar": (cycle, autoregressive(0.2)),
    }  # fmt: skip
    for world, draws in worlds.items():
        for level in (1, 2.5, 10, 40):
            yield Scenario(f"false_claims.{world}_{level:g}_a_week", level, draws)
    rough = autoregressive(0.3)
    yield Scenario("false_claims.cycle_and_rough_ar_10_a_week", 10, (cycle, rough), note="deviation 0.3")
    yield Scenario("false_claims.by_category", 2.5, asked="false by category", note=f"any of {CATEGORIES} categories")
    yield Scenario("false_claims.per_user_of_a_growing_company", 10, asked="false per user", note="users 40 to 60")
    yield Scenario(
        "missed_decline.cycle_and_ar_10_a_week", 10, (falling, cycle, autoregressive(0.2)), asked="missed",
        limit=MISSED_LIMIT, note="-10 % a quarter, 8 quarters; power is what is left to 1",
    )  # fmt: skip
    yield Scenario(
        "missed_decline.cycle_and_rough_ar_10_a_week", 10, (falling, cycle, rough), asked="missed", limit=None,
        note="the same, deviation 0.3",
    )  # fmt: skip
    for weeks in (26, 52, 103):
        yield Scenario(f"false_claims.short_cycle_{weeks}_weeks", 10, (cycle,), weeks, limit=0, note="not allowed")
    for weeks in (26, 52, 103):
        allowed = {"weeks": weeks, "is_short_claim_allowed": True}
        yield Scenario(f"false_claims.allowed_poisson_{weeks}_weeks", 10, **allowed)
        yield Scenario(f"false_claims.allowed_negative_binomial_{weeks}_weeks", 10, (overdispersed,), **allowed)
        yield Scenario(f"false_claims.allowed_ar_{weeks}_weeks", 10, (autoregressive(0.2),), **allowed, limit=None)


SCENARIOS = tuple(_scenarios())


def measure_rates(settings: Settings, cursor: Cursor, *, build_id: str, seed: int, client_count: int) -> list[Rate]:
    """Load every scenario's clients into a warehouse that was built without any, run the models, count the verdicts."""
    chance = np.random.default_rng(seed)
    cursor.execute(
        "create temporary table simulated (client_id text, category text, counts integer[], users integer[]);"
        "create temporary table scenario (name text, is_allowed boolean)"
    )
    for scenario in SCENARIOS:
        execute_values(cursor, "insert into simulated values %s", list(_series(chance, scenario, client_count)))
    cursor.execute(_LOAD, {"last": LAST_WEEK})
    allowed = [
        {"client": _client(scenario, number), "until": str(LAST_WEEK + timedelta(days=365))}
        for scenario in SCENARIOS
        if scenario.is_short_claim_allowed
        for number in range(client_count)
    ]
    cursor.execute(
        "update ops.policy_setting set value = %s where build_id = %s and setting = 'trend.short_series_claims'",
        (json.dumps(allowed), build_id),
    )
    variables = {"build_id": build_id, "as_of_at": f"{LAST_WEEK + timedelta(days=8)}T02:00:00+00:00", "quarter": ""}
    result = run_dbt(settings, ["run", "--select", *MODELS], variables=variables)
    assert result.success, result.exception or [item.message for item in result.result.results]
    cursor.execute(_COUNT)
    counted: dict[str, list[tuple[str, str, bool]]] = {}
    for name, trend, per_user, is_category_claimed in cursor.fetchall():
        counted.setdefault(name, []).append((trend, per_user, is_category_claimed))
    return [_rate(scenario, counted[scenario.name], client_count) for scenario in SCENARIOS]


def _client(scenario: Scenario, number: int) -> str:
    return f"{scenario.name}:{number:05}"


def _series(
    chance: np.random.Generator, scenario: Scenario, client_count: int
) -> Iterator[tuple[str, str, list[int], list[int] | None]]:
    """Draw each client's weekly counts, oldest first; with categories, those and their sum."""
    is_split = scenario.asked == "false by category"
    rates = np.full((client_count * (CATEGORIES if is_split else 1), scenario.weeks), float(scenario.level))
    users = None
    if scenario.asked == "false per user":
        users = np.linspace(40, 60, scenario.weeks).round().astype(int)
        rates = rates * users / users.mean()
    for draw in scenario.draw:
        rates = draw(chance, rates)
    counts = chance.poisson(rates)
    if is_split:
        counts = counts.reshape(client_count, CATEGORIES, scenario.weeks)
        for number, split in enumerate(counts):
            for category, row in enumerate(split):
                yield _client(scenario, number), f"category {category}", row.tolist(), None
        counts = counts.sum(axis=1)
    for number, row in enumerate(counts):
        yield _client(scenario, number), "", row.tolist(), None if users is None else users.tolist()


_LOAD = """
insert into ops.client (client_id, name, timezone, ticket_source, is_active, registered_at)
select distinct client_id, client_id, 'UTC', 'helpdesk', true, %(last)s::timestamptz from simulated;
insert into staging.int_tickets__source
  (client_id, quarter, timezone, as_of_at, as_of_on, ticket_model, is_available, reason)
select distinct client_id, '2026Q4', 'UTC', (%(last)s::date + 8)::timestamptz, %(last)s::date + 8, 'helpdesk.ticket',
  true, ''
from simulated;
insert into staging.int_tickets__trend_week
  (client_id, category, week_starts_on, place, week_count, opened_count, working_day_count, active_user_count,
   joined_week_on)
select client_id, category, %(last)s::date - 7 * (cardinality(counts) - week.number::integer),
  cardinality(counts) - week.number::integer + 1, cardinality(counts), week.opened_count, 5,
  users[week.number], %(last)s::date - 7 * (cardinality(counts) - week.number::integer)
from simulated
cross join lateral unnest(counts) with ordinality as week (opened_count, number);
analyze staging.int_tickets__trend_week;
analyze staging.int_tickets__source;
analyze ops.client
"""

_COUNT = """
select split_part(client_id, ':', 1), min(trend) filter (where category = ''),
  min(per_user_trend) filter (where category = ''),
  coalesce(bool_or(trend in ('declining', 'growing')) filter (where category <> ''), false)
from tickets.trend
group by client_id
"""


def _rate(scenario: Scenario, rows: list[tuple[str, str, bool]], client_count: int) -> Rate:
    assert len(rows) == client_count
    claims = {"declining", "growing"}
    asked = {
        "false": lambda row: row[0] in claims,
        "missed": lambda row: row[0] != "declining",
        "false per user": lambda row: row[1] in claims,
        "false by category": lambda row: row[2],
    }[scenario.asked]
    verdicts = {
        trend: sum(row[0] == trend for row in rows) / client_count for trend in sorted({row[0] for row in rows})
    }
    return Rate(scenario, sum(map(asked, rows)) / client_count, client_count, verdicts)
