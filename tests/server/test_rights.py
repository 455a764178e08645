"""Who may do what, against what real servers allowed every one of their users."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg2
import pytest
from integration.odoo_source import FACTS

from demo.server import OdooServer, reading, searching
from demo.server.access import may_use_model, sees_public_profiles
from demo.server.environment import Environment
from demo.server.errors import AccessError
from demo.server.registry import build_registry
from demo.server.rules import rules_for
from demo.server.versions import dialect

pytestmark = pytest.mark.skipif(not FACTS.is_dir(), reason="the recorded facts about Odoo are absent")


class Side:
    """A recorded database, and what its server allowed."""

    def __init__(self, server: OdooServer) -> None:
        self.version = f"{server.database[-2:]}.0"
        self.oracle = json.loads((FACTS / self.version / "oracle_access.json").read_text())
        self.connection = psycopg2.connect(server.database_url)
        self.cursor = self.connection.cursor()
        self.registry = build_registry(self.cursor, dialect(self.version))

    def environment(self, user_id: int) -> Environment:
        return Environment(self.registry, self.cursor, user_id)


@pytest.fixture
def side(server: OdooServer) -> Iterator[Side]:
    opened = Side(server)
    yield opened
    opened.connection.close()


def test_every_user_may_use_exactly_the_models_that_the_server_allowed(side):
    users = {int(user_id): entry["allowed_models"] for user_id, entry in side.oracle["users"].items() if user_id != "1"}
    models = {name for entry in users.values() for allowed in entry.values() for name in allowed} | set(
        side.oracle["models"]
    )
    cells = 0
    for user_id, entry in users.items():
        environment = side.environment(user_id)
        for operation, allowed in entry.items():
            seen = {model for model in models if may_use_model(environment, model, operation)}
            assert (user_id, operation, sorted(seen ^ set(allowed))) == (user_id, operation, [])
            cells += len(allowed)
    assert cells > 2000


def test_every_user_is_under_exactly_the_rules_that_the_server_applied(server_19):
    side = Side(server_19)
    compared = 0
    for user_id, entry in side.oracle["users"].items():
        if user_id == "1":
            continue
        environment = side.environment(int(user_id))
        for name, ids in entry["rules"]["read"].items():
            if name in side.registry.models:
                seen = {rule.id for rule in rules_for(environment, side.registry.models[name])}
                assert (user_id, name, seen) == (user_id, name, set(ids))
                compared += 1
    side.connection.close()
    assert compared > 100


def test_every_model_can_be_counted_and_read_by_whoever_may(side):
    """No rule, default order or name of the recorded databases is beyond what this server evaluates."""
    served = 0
    for user_id in (2, {"17.0": 6, "19.0": 5}[side.version], {"17.0": 7, "19.0": 6}[side.version]):
        environment = side.environment(user_id)
        for model in side.registry.models.values():
            if not may_use_model(environment, model.name, "read") and not sees_public_profiles(environment, model.name):
                with pytest.raises(AccessError):
                    searching.count(environment, model, [])
                continue
            found = searching.search(environment, model, [], limit=3)
            assert len(found) <= searching.count(environment, model, [])
            rows = reading.read(environment, model, found, None)
            assert [row["id"] for row in rows] == found
            served += 1
    assert served > 120
