"""The same seed and anchor give the same rows; another seed gives others."""

from __future__ import annotations

import os
import subprocess
import sys

from demo_world import ANCHOR_AT, REPOSITORY, SEED, digests

from demo import odoo
from demo.odoo.creation import build_world

pytest_plugins = ["demo_world"]


def test_two_creations_are_identical_whatever_the_order_of_hashes(demo_server, databases):
    first = {client_id: digests(url) for client_id, url in databases.items()}
    assert [len(found) for found in first.values()] == [87, 90, 87, 87, 79]
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "DEMO_POSTGRES_URL": demo_server.url(), "TZ": "Asia/Tokyo"}
    command = [sys.executable, "-m", "demo.odoo", "create", "--anchor", ANCHOR_AT.isoformat(), "--seed", str(SEED)]
    result = subprocess.run(command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert result.stdout.split() == [f"odoo_{client_id}" for client_id in odoo.CLIENT_IDS]
    assert {client_id: digests(demo_server.url(f"odoo_{client_id}")) for client_id in odoo.CLIENT_IDS} == first


def test_another_seed_gives_other_tickets():
    one, other = (build_world("delta", anchor_at=ANCHOR_AT, seed=seed) for seed in (SEED, SEED + 1))
    assert one.rows.count("helpdesk_ticket") == other.rows.count("helpdesk_ticket") == 24
    first, second = (
        {world.rows.row("helpdesk_ticket", number)["create_date"] for number in range(1, 25)} for world in (one, other)
    )
    assert not first & second
