"""Thresholds and plans are read strictly: a wrong key or value is named with its file."""

from __future__ import annotations

import shutil

import pytest
from conftest import REPOSITORY
from driftline.errors import ConfigError
from driftline.policies import load_policies
from driftline.policies.handing_over import settings_of
from driftline.registry import load_registry

POLICIES = REPOSITORY / "config" / "policies"
SEEDS = REPOSITORY / "dbt_project" / "seeds"
REGISTRY = load_registry(REPOSITORY / "demo" / "clients.yml")
TWICE = "{client: aegean, target: update, planned_on: 2027-01-01}"


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(POLICIES, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_the_projects_own_policies_load_and_give_every_setting_once():
    policies = load_policies(POLICIES, REGISTRY, seeds=SEEDS)
    settings = list(settings_of(policies))
    assert len(settings) == len(dict(settings)) == 114
    assert dict(settings)["version_lag.act_majors_behind"] == 3
    assert dict(settings)["optimisation_deferred.tags"] == ["optimisation", "optimization", "improvement"]
    assert dict(settings)["drift.change_tag"] == "approved change"
    assert policies.upgrades == ()


def test_only_the_star_is_special_in_a_parameters_pattern(folder):
    (folder / "drift.yml").write_text("self_moving_parameters: ['database.*', 'a_b%c']\nchange_tag:\n")
    settings = dict(settings_of(load_policies(folder, REGISTRY, seeds=SEEDS)))
    assert settings["drift.self_moving_parameters"] == ["database.%", r"a\_b\%c"]
    assert settings["drift.change_tag"] is None


@pytest.mark.parametrize(
    ("wrong", "right", "message"),
    [
        ("wacth: 10", "watch: 10", "signals.yml: unknown key 'wacth' in workarounds. Did you mean 'watch'?"),
        ("workaround:", "workarounds:", "'workarounds' is missing"),
        ("{watch: 10, act: 5}", "{watch: 10, act: 50}", "workarounds: act (5) is lower than watch (10)"),
        ("watch: none", "watch: 10", "workarounds.watch: Input should be a valid number"),
        ("good_from_pct: 140", "good_from_pct: 70", "good_from_pct: Input should be less than or equal to 100"),
        ("act_below_pct: 90", "act_below_pct: 40", "good_from_pct is lower than act_below_pct"),
        ("tags: []", "tags: [optimisation, optimization, improvement]", "tags: Tuple should have at least 1 item"),
        ("act_majors_behind: 0", "act_majors_behind: 3", "act_majors_behind is lower than watch_majors_behind"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_refused_with_its_place(folder, wrong, right, message):
    path = folder / "signals.yml"
    text = path.read_text()
    assert right in text
    path.write_text(text.replace(right, wrong, 1))
    with pytest.raises(ConfigError) as raised:
        load_policies(folder, REGISTRY, seeds=SEEDS)
    assert message in str(raised.value)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("planned: [{client: aegean, target: '19', planned_on: 2027-01-01}]", "1: target: String should match"),
        ("planned: [{client: aegean, target: '19.0'}]", "planned upgrade 1: 'planned_on' is missing"),
        ("planned: [{client: aegean, target: '19.0', planed_on: 2027-01-01}]", "Did you mean 'planned_on'?"),
        (f"planned: [{TWICE}, {TWICE}]", "planned upgrade 2: stands there twice"),
        ("planed: []", "Did you mean 'planned'?"),
        ("planned: [{client: acme, target: update, planned_on: 2027-01-01}]", "1: no client 'acme'. Known: aegean"),
    ],
)  # fmt: skip
def test_a_wrong_plan_is_refused_with_its_place(folder, text, message):
    (folder / "upgrades.yml").write_text(text)
    with pytest.raises(ConfigError) as raised:
        load_policies(folder, REGISTRY, seeds=SEEDS)
    assert message in str(raised.value)
