"""`trend.yml`: when a trend of tickets is a claim. The tests themselves are the dbt project's work."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from driftline.declarations import Strict, read_yaml, validate
from driftline.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from driftline.registry import Registry

Alpha = Annotated[float, Field(gt=0, le=0.1)]


class Alphas(Strict):
    """Levels of significance, two-sided: of two years compared, and of 12 to 103 weeks."""

    year_on_year: Alpha
    short_series: Alpha


class ShortSeriesClaim(Strict):
    """A client whose trend may be claimed on 12 to 103 weeks: why, by whose word, and up to which of its days."""

    client: str
    reason: Annotated[str, Field(min_length=1)]
    owner: Annotated[str, Field(min_length=1)]
    until: date


class TrendPolicy(Strict):
    """`trend.yml`."""

    flat_within_pct: Annotated[float, Field(gt=0, le=100)]
    alpha: Alphas
    short_series_claims: tuple[ShortSeriesClaim, ...]


def load_trend(folder: Path, registry: Registry) -> TrendPolicy:
    """Read `trend.yml`; raise ConfigError that names file and entry.

    A claim's leave that has ended is no error: it is one client's, and the trend of that client says that it ended.
    """
    path = folder / "trend.yml"
    policy = validate(TrendPolicy, read_yaml(path), where=str(path))
    for number, claim in enumerate(policy.short_series_claims, start=1):
        registry.client(claim.client, where=f"{path}: short-series claim {number}")
    for client_id, count in Counter(claim.client for claim in policy.short_series_claims).items():
        if count > 1:
            raise ConfigError(f"{path}: short_series_claims: client '{client_id}' stands there {count} times.")
    return policy
