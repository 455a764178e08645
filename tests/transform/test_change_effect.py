"""Tickets after a change, in the warehouse, against scipy on the same days."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from driftline import transform
from scipy import stats

from tests.transform.world import NEW, at

NIGHT_AT, READ_AT = at("2026-12-20 02:00"), at("2026-12-20 02:20")
FIRST_AT, CHANGED_AT = at("2026-10-10 02:00"), at("2026-10-12 02:00")
FIRST_READ_AT = FIRST_AT + timedelta(minutes=5)
# Tickets a day before and after the change.
RATES = {"flat": (2.0, 2.0), "worse": (1.0, 4.0), "better": (5.0, 0.5), "silent": (0.0, 0.0), "busy": (40.0, 40.5)}


def limits(count: int) -> tuple[float, float]:
    low = stats.chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    return low, stats.chi2.ppf(0.975, 2 * count + 2) / 2


@pytest.fixture(scope="module")
def measured(new_world):
    """Clients whose module sale changed on 12 October, and the tickets they opened by day."""
    world, opened = new_world(), {}
    client_ids = list(RATES)
    for number, (client_id, (before, after)) in enumerate(RATES.items()):
        world.client(client_id, timezone="UTC", registered_at=NIGHT_AT)
        world.basics(client_id, read_at=FIRST_READ_AT)
        world.watch(client_id, ["ir.module.module"], night_id="n1", read_at=FIRST_READ_AT)
        sale = {"id": 2, "name": "sale", "state": "installed", "latest_version": "1.0"}
        world.raw(client_id, "ir_module_module", [sale], read_at=FIRST_READ_AT)
        chance = np.random.default_rng(number)
        start = CHANGED_AT.replace(hour=0) - timedelta(days=100)
        opened[client_id] = [
            start + timedelta(days=day, minutes=minute)
            for day in range(160)
            for minute in range(int(chance.poisson(before if day <= 100 else after)))
        ]
        first = [(start - timedelta(days=30))] if client_id == "silent" else []
        lives = {key: (moment, (), NEW) for key, moment in enumerate([*first, *opened[client_id]], start=1)}
        world.tickets(client_id, lives, read_at=READ_AT)
    for night_id, moment, version in (("n1", FIRST_AT, "1.0"), ("n2", CHANGED_AT, "1.1")):
        world.night(night_id, moment, client_ids)
        read_at = moment + timedelta(minutes=5)
        for client_id in client_ids:
            world.read(night_id, client_id, read_at=read_at)
        world.rows(
            "update raw.ir_module_module set latest_version = %s, _read_at = %s where name = 'sale'", version, read_at
        )
        transform.build(world.settings, night_id=night_id, as_of_at=None, quarter=None, now=READ_AT)
    world.night("n3", NIGHT_AT, client_ids)
    for client_id in client_ids:
        world.read("n3", client_id, read_at=READ_AT)
    transform.build(world.settings, night_id="n3", as_of_at=None, quarter=None, now=READ_AT)
    found = {row["client_id"]: row for (row,) in world.rows("select to_jsonb(t) from drift.change_effect as t")}
    return found, opened


def count(moments: list[datetime], first_day: int, last_day: int) -> int:
    midnight = CHANGED_AT.replace(hour=0)
    return sum(first_day <= (moment - midnight).days <= last_day for moment in moments)


def test_counts_and_limits_are_scipys_and_the_claim_follows_from_them(measured):
    found, opened = measured
    assert set(found) == set(RATES)
    for client_id, row in found.items():
        after, base = count(opened[client_id], 1, 14), count(opened[client_id], -84, -1)
        low, high = limits(after)
        base_low, base_high = (limit / 6 for limit in limits(base))
        assert (row["ticket_count"], row["expected_count"]) == (after, pytest.approx(base / 6))
        assert (row["ticket_count_low"], row["ticket_count_high"]) == pytest.approx((low, high), abs=1e-5)
        # 3,360 tickets in 84 days lie above the table.
        expected = (row["expected_count_low"], row["expected_count_high"])
        assert expected == pytest.approx((base_low, base_high), abs=1e-3 if base > 1000 else 1e-5)
        claim = "more tickets" if low > base_high else "fewer tickets" if high < base_low else "no effect shown"
        assert row["effect"] == claim, client_id


def test_an_effect_that_was_made_is_shown_and_none_where_there_is_none(measured):
    found, _ = measured
    assert {client_id: row["effect"] for client_id, row in found.items()} == {
        "flat": "no effect shown",
        "worse": "more tickets",
        "better": "fewer tickets",
        "silent": "no effect shown",
        "busy": "no effect shown",
    }
