"""The policy on trends is read strictly, and an exemption ends when it says so."""

from __future__ import annotations

from datetime import date

import pytest
from conftest import REPOSITORY
from driftline.errors import ConfigError
from driftline.policies.trend import load_trend
from driftline.registry import load_registry

REGISTRY = load_registry(REPOSITORY / "demo" / "clients.yml")
TODAY = date(2026, 11, 25)
CLAIM = "  - {client: aegean, reason: no season, owner: jo@example.org, until: 2026-11-25}\n"
TEXT = f"""\
flat_within_pct: 20
alpha: {{year_on_year: 0.02, short_series: 0.04}}
short_series_claims:
{CLAIM}"""


def load(tmp_path, text: str):
    (tmp_path / "trend.yml").write_text(text)
    return load_trend(tmp_path, REGISTRY)


def test_a_claim_is_allowed_up_to_its_last_day(tmp_path):
    policy = load(tmp_path, TEXT)
    assert (policy.flat_within_pct, policy.alpha.year_on_year, policy.alpha.short_series) == (20, 0.02, 0.04)
    assert [(claim.client, claim.until) for claim in policy.short_series_claims] == [("aegean", TODAY)]


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("aegean", "atlantis", "short-series claim 1: no client 'atlantis'."),
        (", owner: jo@example.org", "", "'short_series_claims.0.owner' is missing"),
        ("reason: no season", "reason: ''", "short_series_claims.0.reason: String should have at least 1 character"),
        ("year_on_year: 0.02", "year_on_year: 0.2", "alpha.year_on_year: Input should be less than or equal to 0.1"),
        ("flat_within_pct", "flat_within", "unknown key 'flat_within'. Did you mean 'flat_within_pct'?"),
        (CLAIM, CLAIM * 2, "short_series_claims: client 'aegean' stands there 2 times."),
    ],
)
def test_a_wrong_entry_is_refused_with_its_place(tmp_path, right, wrong, message):
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, TEXT.replace(right, wrong))
    assert message in str(raised.value)
