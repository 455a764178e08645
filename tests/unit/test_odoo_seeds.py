"""The seeds of facts agree with each other, and the table of Poisson intervals with scipy."""

from __future__ import annotations

import csv
from datetime import date

import numpy as np
import pytest
from conftest import REPOSITORY
from scipy import stats

SEEDS = REPOSITORY / "dbt_project" / "seeds"


def rows(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def fields() -> dict[tuple[int, str], dict[str, str]]:
    """Fields by major version and model: name → type and relation, as the seed writes them."""
    found = {}
    for row in rows("odoo_model_fields"):
        named = dict(field.split(":", 1) for field in row["fields"].split(" "))
        found[int(row["major"]), row["model"]] = {name.removeprefix("~"): kind for name, kind in named.items()}
    return found


def test_every_version_from_16_to_19_was_asked_for_more_than_a_hundred_models(fields):
    counts = {major: sum(key[0] == major for key in fields) for major in (16, 17, 18, 19)}
    assert counts == {16: 119, 17: 121, 18: 124, 19: 127}
    assert sum(len(named) for named in fields.values()) == 4759 + 4853 + 5032 + 5454
    assert fields[17, "res.users"]["action_id"] == "many2one>ir.actions.actions"


def test_what_is_said_to_be_renamed_was_there_before_and_is_not_after(fields):
    renames = rows("odoo_renames")
    assert len(renames) == 9
    for rename in renames:
        major, old, new = int(rename["major"]), rename["model"], rename["new_model"]
        if rename["field"] == "*":
            assert (major - 1, old) in fields, rename
            assert (major, old) not in fields, rename
            assert (major, new) in fields, rename
            assert (major - 1, new) not in fields, rename
            continue
        assert rename["field"] in fields[major - 1, old], rename
        assert rename["field"] not in fields[major, old], rename
        assert rename["new_field"] in fields[major, new], rename
        assert rename["new_field"] not in fields[major - 1, new], rename


def test_known_fates_of_fields_are_in_the_seed(fields):
    assert "mobile" in fields[18, "res.partner"]
    assert "mobile" not in fields[19, "res.partner"]
    assert (18, "ir.property") not in fields
    assert (17, "ir.property") in fields


@pytest.mark.parametrize(
    "name", ["odoo_releases", "odoo_api_removals", "odoo_modules", "odoo_model_fields", "odoo_renames"]
)
def test_every_row_of_a_seed_names_its_source_and_the_day_it_was_read(name):
    listed = rows(name)
    assert len(listed) > 1
    for row in listed:
        assert row["source"].strip(), row
        assert date.fromisoformat(row["read_on"]) <= date(2026, 12, 31)


def test_releases_follow_each_other_and_are_supported_for_about_three_years():
    releases = rows("odoo_releases")
    assert [int(row["major"]) for row in releases] == list(range(14, 21))
    days = [date.fromisoformat(row["released_on"]) for row in releases]
    assert days == sorted(days)
    for row in releases:
        support = date.fromisoformat(row["support_ends_on"]) - date.fromisoformat(row["released_on"])
        assert 1020 <= support.days <= 1170, row
        # No end of extended support is published; that must not read as a date.
        assert row["extended_support_ends_on"] == ""
        assert "no end is published" in row["extended_support"]


def test_the_table_of_poisson_intervals_is_scipys():
    table = rows("poisson_interval")
    assert [int(row["event_count"]) for row in table] == list(range(1001))
    for row in table:
        count, low, high = int(row["event_count"]), float(row["low"]), float(row["high"])
        # The limits by their meaning: means under which so many, or so few, have a chance of 2.5 %.
        assert stats.poisson.sf(count - 1, low) == pytest.approx(0.025 if count else 1, abs=1e-6)
        assert stats.poisson.cdf(count, high) == pytest.approx(0.025, abs=1e-6)


def test_intervals_that_do_not_overlap_come_by_chance_once_in_a_hundred():
    table = {int(row["event_count"]): (float(row["low"]), float(row["high"])) for row in rows("poisson_interval")}
    chance = np.random.default_rng(20261125)
    for rate_per_day in (0.05, 0.3, 1.0, 4.0):
        alarms = 0
        for after, base in zip(
            chance.poisson(rate_per_day * 14, 4000), chance.poisson(rate_per_day * 84, 4000), strict=True
        ):
            low, high = table[int(after)]
            base_low, base_high = (limit / 6 for limit in table[int(base)])
            alarms += low > base_high or high < base_low
        assert alarms / 4000 < 0.016, rate_per_day
