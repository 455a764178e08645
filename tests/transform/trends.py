"""Weekly series with and without a change, and the claims on them by scipy and numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from tests.transform.ticket_lives import ZONES, Known, plant_weekly
from tests.transform.world import World

ALPHA, LEAST_DEVIATION, FLAT_WITHIN_PCT = 0.02, 0.707, 20
CATEGORIES = ("Question", "Fault", "Change", "Access", "Training")


@dataclass(frozen=True)
class Claim:
    trend: str
    t_value: float
    p_value: float
    change_pct: float
    low_pct: float
    high_pct: float


@dataclass(frozen=True)
class Slope:
    """Theil and Sen's slope per week and Mann and Kendall's test: plain as scipy has it, and autocorrelation's part."""

    slope: float
    low: float
    high: float
    tau: float
    plain_p_value: float
    variance_factor: float
    p_value: float


def claim(weekly: Sequence[float], *, alpha: float = ALPHA) -> Claim:
    """Compare the last 52 weeks with the 52 before by scipy's own t distribution."""
    weeks = np.array(weekly[-104:], dtype=float)
    earlier, recent = weeks[:52].reshape(13, 4).sum(axis=1), weeks[52:].reshape(13, 4).sum(axis=1)
    differences = np.sqrt(recent + 3 / 8) - np.sqrt(earlier + 3 / 8)
    deviation = max(differences.std(ddof=1), LEAST_DEVIATION)
    error = deviation / np.sqrt(13)
    t_value = differences.mean() / error
    p_value = 2 * stats.t.sf(abs(t_value), 12)
    if deviation > LEAST_DEVIATION:
        whole = stats.ttest_1samp(differences, 0)
        assert np.allclose((t_value, p_value), (whole.statistic, whole.pvalue))
    root, half = np.sqrt(recent + 3 / 8).mean(), stats.t.ppf(0.975, 12) * error
    ratio = recent.sum() / earlier.sum()
    low, high = ratio * (max(root - half, 0) / root) ** 2, ratio * ((root + half) / root) ** 2
    low_pct, high_pct = (low - 1) * 100, (high - 1) * 100
    if p_value < alpha:
        trend = "declining" if t_value < 0 else "growing"
    else:
        trend = "flat" if low_pct >= -FLAT_WITHIN_PCT and high_pct <= FLAT_WITHIN_PCT else "not proven"
    return Claim(trend, float(t_value), float(p_value), float((ratio - 1) * 100), float(low_pct), float(high_pct))


def slope(weekly: Sequence[int]) -> Slope:
    """Take slope and test from scipy, and widen the variance by what the residuals' ranks say of autocorrelation."""
    counts, weeks = np.array(weekly, dtype=float), np.arange(len(weekly), dtype=float)
    tau, plain_p_value = stats.kendalltau(weeks, counts, method="asymptotic")
    sen = stats.theilslopes(counts, weeks)
    ranks = stats.rankdata(counts - sen.slope * weeks)
    deviations, length = ranks - ranks.mean(), len(counts)
    widened = 0.0
    for lag in (1, 2, 3):
        correlation = (deviations[:-lag] * deviations[lag:]).sum() / (deviations**2).sum()
        widened += max(correlation, 0) * (length - lag) * (length - lag - 1) * (length - lag - 2)
    factor = 1 + 2 * widened / (length * (length - 1) * (length - 2))
    p_value = 2 * stats.norm.sf(stats.norm.isf(plain_p_value / 2) / np.sqrt(factor))
    low, high = sen.low_slope, sen.high_slope
    return Slope(sen.slope, low, high, float(tau), float(plain_p_value), float(factor), float(p_value))


def random_series(seed: int) -> list[int]:
    """A year-cycle of random height and level, with a random change from one year to the next."""
    chance = np.random.default_rng(seed)
    return _draw(chance, int(chance.integers(104, 125)), chance.choice([1.0, 2.5, 10, 25]))


def random_short_series(seed: int) -> list[int]:
    """The same over 12 to 103 weeks; every other one made smooth, so that weeks resemble those before them, and every
    fifth without two weeks that are alike."""
    chance = np.random.default_rng(1_000 + seed)
    if seed % 5 == 0:
        return [int(count) for count in chance.permutation(np.arange(int(chance.integers(12, 20))) * 2 + 3)]
    counts = _draw(chance, int(chance.integers(12, 104)), chance.choice([3.0, 10, 25]))
    if seed % 2:
        counts = [sum(counts[max(place - 2, 0) : place + 1]) for place in range(len(counts))]
    return counts


def _draw(chance: np.random.Generator, length: int, level: float) -> list[int]:
    season = chance.choice([0, 0.25])
    change = chance.choice([0.0, 0.0, -0.3, 0.4, -0.8])
    weeks = np.arange(length)
    rate = level * (1 + season * np.sin(2 * np.pi * weeks / 52)) * np.exp(change * (weeks - length) / 52)
    return [int(count) for count in chance.poisson(np.clip(rate, 0.05, 80))]


def random_split(seed: int) -> dict[str, list[int]]:
    """Two years of each category: some with a change of their own, some without."""
    chance = np.random.default_rng(2_000 + seed)
    changes = chance.choice([0.0, 0.0, 0.0, -0.25, -0.4, 0.4, 0.8], len(CATEGORIES))
    return {
        category: [int(count) for count in chance.poisson(np.r_[np.full(52, 4.0), np.full(52, 4.0 * (1 + change))])]
        for category, change in zip(CATEGORIES, changes, strict=True)
    }


SPECIAL = {
    "steady": [20] * 104,
    "young": [5] * 103,
    "begun": [0] * 52 + [9] * 52,
    "halved": [12] * 52 + [6] * 52,
    "eleven": [9] * 11,
    "sparse": [1] * 29 + [0] * 20,
    "stabilising": [12] * 52 + [6] * 52,
}


def plant(world: World, known: Known) -> None:
    series = {f"series_{seed}": random_series(seed) for seed in range(100)}
    series |= {f"short_{seed}": random_short_series(seed) for seed in range(100)} | SPECIAL
    zones = list(ZONES.values())
    for number, (client_id, counts) in enumerate(series.items()):
        plant_weekly(world, client_id, counts, zone=zones[number % len(zones)], seed=number)
    known.weekly_counts = series
    # Up to the last day that the evaluation sees, where the client is.
    world.rows("update ops.client set stabilisation_until = '2026-10-07' where client_id = 'stabilising'")
    known.split_counts = {f"split_{seed}": random_split(seed) for seed in range(12)}
    for seed, (client_id, split) in enumerate(known.split_counts.items()):
        plant_weekly(world, client_id, split, zone=zones[seed % len(zones)], seed=seed)
