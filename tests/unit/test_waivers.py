"""Waivers are read strictly: no end, no owner or an unknown client is refused by file and entry."""

from __future__ import annotations

from datetime import date

import pytest
import yaml
from conftest import REPOSITORY
from driftline.errors import ConfigError
from driftline.policies.waivers import load_waivers
from driftline.registry import load_registry

REGISTRY = load_registry(REPOSITORY / "demo" / "clients.yml")
GOOD = {
    "client": "aegean", "suite": "review_candidate.scorecard", "expectation": "wholly_complete",
    "reason": "The role is set up in December.", "owner": "K. Ioannou", "from": date(2026, 11, 20),
    "until": date(2026, 12, 20),
}  # fmt: skip


@pytest.fixture
def load(tmp_path):
    def write_and_load(**entries):
        (tmp_path / "waivers.yml").write_text(yaml.safe_dump({"waivers": entries}))
        return load_waivers(tmp_path, REGISTRY)

    return write_and_load


def test_a_waiver_is_read_with_its_days(load):
    waiver = load(late=GOOD)["late"]
    assert (waiver.from_on, waiver.until_on, waiver.owner) == (date(2026, 11, 20), date(2026, 12, 20), "K. Ioannou")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"until": None}, "waiver 'late': until: Input should be a valid date"),
        ({"until": ...}, "waiver 'late': 'until' is missing"),
        ({"owner": ...}, "waiver 'late': 'owner' is missing"),
        ({"reason": "later"}, "waiver 'late': reason: String should have at least 10 characters"),
        ({"client": "agean"}, "waiver 'late': no client 'agean'. Known: aegean, boreal"),
        ({"until": date(2026, 11, 19)}, "until 2026-11-19 lies before from 2026-11-20"),
        ({"until": date(2028, 11, 19)}, "more than 366 days is no exemption but a rule"),
        ({"expectaton": "x"}, "unknown key 'expectaton'. Did you mean 'expectation'?"),
    ],
)
def test_a_wrong_entry_is_refused_by_file_and_entry(load, change, message):
    entry = {name: value for name, value in {**GOOD, **change}.items() if value is not ...}
    with pytest.raises(ConfigError) as raised:
        load(late=entry)
    assert message in str(raised.value)
    assert "waivers.yml" in str(raised.value)


def test_two_waivers_of_the_same_are_refused(load):
    with pytest.raises(ConfigError, match="waiver 'later': says the same as waiver 'late'"):
        load(late=GOOD, later={**GOOD, "until": date(2027, 1, 1)})
