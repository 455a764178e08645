"""Make the seed poisson_interval.csv: exact 95 % intervals of a Poisson mean, after a count was seen.

    python dbt_project/seeds/make_poisson_interval.py

The limits are quantiles of chi-squared (Garwood 1936): half of the 2.5 % point with 2k degrees of freedom, and half of
the 97.5 % point with 2k + 2. PostgreSQL has no such quantiles, so they are looked up.
"""

from __future__ import annotations

import csv
from pathlib import Path

from scipy import stats

LARGEST_COUNT = 1000


def interval(count: int) -> tuple[float, float]:
    """Give both limits."""
    low = stats.chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    return float(low), float(stats.chi2.ppf(0.975, 2 * count + 2) / 2)


if __name__ == "__main__":
    path = Path(__file__).resolve().with_name("poisson_interval.csv")
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["event_count", "low", "high"])
        for count in range(LARGEST_COUNT + 1):
            low, high = interval(count)
            writer.writerow([count, f"{low:.6f}", f"{high:.6f}"])
