"""Policies are read strictly: a wrong key or value is named with its file."""

from __future__ import annotations

import shutil

import pytest
from conftest import REPOSITORY
from driftline.errors import ConfigError
from driftline.policies import load_signals, load_upgrades

POLICIES = REPOSITORY / "config" / "policies"
TWICE = "{client: a, target: update, planned_on: 2027-01-01}"


@pytest.fixture
def folder(tmp_path):
    for name in ("signals.yml", "upgrades.yml"):
        shutil.copy(POLICIES / name, tmp_path / name)
    return tmp_path


def test_the_projects_own_policies_load_and_give_every_setting_once():
    settings = list(load_signals(POLICIES).settings())
    assert len(settings) == len(dict(settings)) == 18
    assert dict(settings)["version_lag.act_majors_behind"] == 3
    assert dict(settings)["optimisation_deferred.tags"] == ["optimisation", "optimization", "improvement"]
    assert load_upgrades(POLICIES) == ()


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
        load_signals(folder)
    assert message in str(raised.value)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("planned: [{client: acme, target: '19', planned_on: 2027-01-01}]", "1: target: String should match"),
        ("planned: [{client: acme, target: '19.0'}]", "planned upgrade 1: 'planned_on' is missing"),
        ("planned: [{client: acme, target: '19.0', planed_on: 2027-01-01}]", "Did you mean 'planned_on'?"),
        (f"planned: [{TWICE}, {TWICE}]", "planned upgrade 2: stands there twice"),
        ("planed: []", "Did you mean 'planned'?"),
    ],
)  # fmt: skip
def test_a_wrong_plan_is_refused_with_its_place(folder, text, message):
    (folder / "upgrades.yml").write_text(text)
    with pytest.raises(ConfigError) as raised:
        load_upgrades(folder)
    assert message in str(raised.value)
