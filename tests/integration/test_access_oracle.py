"""What real servers answered for every user, model and operation, against the access marts, in both directions."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import make_settings, run_autocommit, run_sql
from driftline import night, transform, transform_register
from driftline.settings import Settings

from integration.odoo_source import FACTS, load_dump

pytestmark = pytest.mark.skipif(not FACTS.is_dir(), reason="the recorded facts about Odoo are absent")

EVENINGS = {1: "", 2: "-night2", 3: "-night3"}
OPERATIONS = ("read", "write", "create", "unlink")


@dataclass(frozen=True)
class Seen:
    """The access marts as one evening's build left them."""

    groups: set[tuple[int, int]]
    allowed: set[tuple[int, str, str]]
    rules: set[tuple[int, str, str, int]]  # on entitlements
    all_rules: set[tuple[int, str, str, int]]  # whether or not access rows allow
    effective: list[dict[str, Any]]


def build_access(settings: Settings, number: int) -> None:
    """Build the access marts and what they rest on, as a night's build would."""
    now = datetime(2026, 11, number, 5, tzinfo=UTC)
    registered = transform_register.register(
        settings, night_id=f"night {number}", as_of_at=None, quarter=None, now=now
    )  # fmt: skip
    chosen = ["--select", "+path:models/marts/access", "--indirect-selection", "cautious"]
    command = ["build", "--exclude-resource-type", "unit_test", *chosen]
    result = transform.run_dbt(settings, command, variables=registered.variables)
    assert result.exception is None
    failed = [f"{item.node.name}: {item.message}" for item in result.result.results if item.status in ("error", "fail")]
    assert result.success, "\n".join(failed)
    transform_register.finish(settings, registered.build_id, error_message=None)


def look(settings: Settings, client_id: str) -> Seen:
    url = settings.warehouse_url
    allowed = run_sql(url, "select odoo_user_id, model, operation from access.entitlement where client_id = %s", client_id)
    rules = run_sql(
        url,
        "select odoo_user_id, model, operation, unnest(rule_ids) from access.entitlement where client_id = %s",
        client_id,
    )
    all_rules = run_sql(
        url,
        "select u.odoo_user_id, r.model, r.operation, r.rule_id from staging.int_access__user_set u"
        " join staging.int_access__set_group g using (client_id, group_set_id)"
        " join staging.int_access__restriction r using (client_id, odoo_group_id)"
        " where client_id = %s and is_held and u.odoo_user_id <> 1",
        client_id,
    )
    effective = [row for (row,) in run_sql(
        url, "select to_jsonb(e) from access.effective_group e where client_id = %s order by 1", client_id)]  # fmt: skip
    assert len(allowed) == len(set(allowed))
    return Seen(
        groups={(row["odoo_user_id"], row["odoo_group_id"]) for row in effective}, allowed=set(allowed),
        rules=set(rules), all_rules=set(all_rules), effective=effective,
    )  # fmt: skip


@pytest.fixture(scope="module")
def evenings(pg_server, _warehouse_template, tmp_path_factory):
    """Three evenings of 17.0 and one of 19.0, each looked at after its own build."""
    folder = tmp_path_factory.mktemp("access")
    warehouse, nineteen = "access_warehouse", "access_19"
    sources = {number: f"access_17_{number}" for number in EVENINGS}
    run_autocommit(pg_server.url(), f'create database "{warehouse}" template "{_warehouse_template}"')
    for name, dump in [(nineteen, FACTS / "19.0" / "demo-data.sql.gz")] + [
        (sources[number], FACTS / "17.0" / f"demo-data{suffix}.sql.gz") for number, suffix in EVENINGS.items()
    ]:
        run_autocommit(pg_server.url(), f'create database "{name}"')
        load_dump(pg_server.url(name), dump)
    entry = {"name": "Real", "transport": "postgres", "timezone": "UTC", "tickets": {"source": "helpdesk"}}
    versions = {"seventeen": "17.0", "nineteen": "19.0"}
    registry = {"clients": {client_id: {**entry, "odoo_version": version} for client_id, version in versions.items()}}
    (folder / "clients.yml").write_text(yaml.safe_dump(registry))
    settings = replace(
        make_settings(pg_server.url(warehouse)), clients_file=folder / "clients.yml", build_folder=folder / "build"
    )
    seen = {}
    for number in EVENINGS:
        night_id = f"night {number}"
        night.plan(settings, night_id=night_id, now=datetime(2026, 11, number, 2, tzinfo=UTC), conf={})
        for client_id, name in {"seventeen": sources[number], "nineteen": nineteen}.items():
            night.read_client(settings, night_id=night_id, client_id=client_id, connection=pg_server.url(name))
        night.finish(settings, night_id=night_id)
        build_access(settings, number)
        seen[f"17.0{EVENINGS[number]}"] = look(settings, "seventeen")
    seen["19.0"] = look(settings, "nineteen")
    yield seen
    for name in (warehouse, nineteen, *sources.values()):
        run_autocommit(pg_server.url(), f'drop database "{name}" with (force)')


def oracle_file(which: str) -> Path:
    version, _, suffix = which.partition("-")
    return FACTS / version / f"oracle_access{'-' + suffix if suffix else ''}.json"


def oracle(which: str) -> dict[str, Any]:
    return json.loads(oracle_file(which).read_text())["users"]


@pytest.mark.parametrize("which", ["17.0", "17.0-night2", "17.0-night3", "19.0"])
def test_groups_and_entitlements_are_those_of_the_server(evenings, which, capsys):
    users = oracle(which)
    groups = {(int(user), group) for user, facts in users.items() for group in facts["groups"]}
    allowed = {
        (int(user), model, operation)
        for user, facts in users.items() for operation, models in facts["allowed_models"].items() for model in models
    }  # fmt: skip
    seen = evenings[which]
    with capsys.disabled():
        print(f"\n{which}: {len(groups)} memberships and {len(allowed)} allowed cells of the server;"
              f" here {len(seen.groups)} and {len(seen.allowed)}; missing {len(groups - seen.groups)} and"
              f" {len(allowed - seen.allowed)}, extra {len(seen.groups - groups)} and {len(seen.allowed - allowed)}")  # fmt: skip
    assert len(groups) > 90
    assert len(allowed) > 3700
    assert seen.groups ^ groups == set()
    assert seen.allowed ^ allowed == set()


@pytest.mark.parametrize("which", ["17.0-night3", "19.0"])
def test_record_rules_are_those_of_the_server(evenings, which, capsys):
    users = oracle(which)
    # The server was asked for the rules of the file's models alone, and for all of these, open to the user or not.
    asked = set(json.loads(oracle_file(which).read_text())["models"])
    rules = {
        (int(user), model, operation, rule)
        for user, facts in users.items() for operation, models in facts["rules"].items()
        for model, listed in models.items() for rule in listed
    }  # fmt: skip
    seen = evenings[which]
    here = {rule for rule in seen.all_rules if rule[1] in asked}
    with capsys.disabled():
        print(f"\n{which}: {len(rules)} rules of the server, here {len(here)};"
              f" missing {len(rules - here)}, extra {len(here - rules)}; {len(seen.rules)} on entitlements")  # fmt: skip
    assert len(rules) > 2900
    assert here ^ rules == set()
    assert seen.rules == {rule for rule in seen.all_rules if rule[:3] in seen.allowed}
    assert len(seen.rules) > 1000


def test_which_group_was_given_is_said_only_where_it_can_be_known(evenings):
    before_19 = Counter(row["direct"] for row in evenings["17.0"].effective)
    since_19 = Counter(row["direct"] for row in evenings["19.0"].effective)
    assert set(before_19) == {"yes", "unknown"}
    assert set(since_19) == {"yes", "no"}
