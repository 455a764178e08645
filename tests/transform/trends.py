"""Weekly series with and without a change, and the year-on-year claim on them by scipy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from tests.transform.ticket_lives import ZONES, Known, plant_weekly
from tests.transform.world import World

ALPHA, LEAST_DEVIATION, FLAT_WITHIN_PCT = 0.02, 0.707, 20


@dataclass(frozen=True)
class Claim:
    trend: str
    t_value: float
    change_pct: float
    low_pct: float
    high_pct: float


def claim(weekly: Sequence[int]) -> Claim:
    """Compare the last 52 weeks with the 52 before by scipy's own t distribution."""
    weeks = np.array(weekly[-104:], dtype=float)
    earlier, recent = weeks[:52].reshape(13, 4).sum(axis=1), weeks[52:].reshape(13, 4).sum(axis=1)
    differences = np.sqrt(recent + 3 / 8) - np.sqrt(earlier + 3 / 8)
    deviation = max(differences.std(ddof=1), LEAST_DEVIATION)
    error = deviation / np.sqrt(13)
    t_value = differences.mean() / error
    if deviation > LEAST_DEVIATION:
        assert t_value == np.float64(stats.ttest_1samp(differences, 0).statistic).round(12) or np.isclose(
            t_value, stats.ttest_1samp(differences, 0).statistic
        )
    root, half = np.sqrt(recent + 3 / 8).mean(), stats.t.ppf(0.975, 12) * error
    ratio = recent.sum() / earlier.sum()
    low, high = ratio * (max(root - half, 0) / root) ** 2, ratio * ((root + half) / root) ** 2
    low_pct, high_pct = (low - 1) * 100, (high - 1) * 100
    if 2 * stats.t.sf(abs(t_value), 12) < ALPHA:
        trend = "declining" if t_value < 0 else "growing"
    else:
        trend = "flat" if low_pct >= -FLAT_WITHIN_PCT and high_pct <= FLAT_WITHIN_PCT else "not proven"
    return Claim(trend, float(t_value), float((ratio - 1) * 100), float(low_pct), float(high_pct))


def random_series(seed: int) -> list[int]:
    """A year-cycle of random height and level, with a random change from one year to the next."""
    chance = np.random.default_rng(seed)
    length = int(chance.integers(104, 125))
    level, season = chance.choice([1.0, 2.5, 10, 25]), chance.choice([0, 0.25])
    slope = chance.choice([0.0, 0.0, -0.3, 0.4, -0.8])
    weeks = np.arange(length)
    rate = level * (1 + season * np.sin(2 * np.pi * weeks / 52)) * np.exp(slope * (weeks - length) / 52)
    return [int(count) for count in chance.poisson(np.clip(rate, 0.05, 80))]


SPECIAL = {
    "steady": [20] * 104,
    "young": [5] * 103,
    "begun": [0] * 52 + [9] * 52,
    "halved": [12] * 52 + [6] * 52,
}


def plant(world: World, known: Known) -> None:
    series = {f"series_{seed}": random_series(seed) for seed in range(30)} | SPECIAL
    zones = list(ZONES.values())
    for number, (client_id, counts) in enumerate(series.items()):
        plant_weekly(world, client_id, counts, zone=zones[number % len(zones)], seed=number)
    known.weekly_counts = series
