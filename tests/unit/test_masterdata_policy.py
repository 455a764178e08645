"""`masterdata.yml` and its rules are read strictly, and say which file and entry they dislike."""

from __future__ import annotations

import shutil

import pytest
import yaml
from driftline.errors import ConfigError
from driftline.policies.masterdata import load_masterdata, rules_variable
from driftline.registry import load_registry

from tests.conftest import REPOSITORY

REGISTRY = load_registry(REPOSITORY / "demo" / "clients.yml")
PAIR = {"client": "aegean", "rule": "partner_same_vat", "records": [4, 9], "owner": "K. Ioannou",
        "reason": "Two shops of one owner.", "until": "2027-01-31"}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(REPOSITORY / "config" / "policies" / "masterdata", tmp_path / "masterdata")
    shutil.copy(REPOSITORY / "config" / "policies" / "masterdata.yml", tmp_path)
    return tmp_path


def change(file, **changes):
    content = {**yaml.safe_load(file.read_text()), **changes}
    file.write_text(yaml.safe_dump({key: value for key, value in content.items() if value is not None}))


def test_what_stands_in_the_files_is_what_is_handed_over(folder):
    change(folder / "masterdata.yml", different=[PAIR])
    policy = load_masterdata(folder, REGISTRY)
    settings = dict(policy.settings())
    assert len(policy.rules) == len(list((folder / "masterdata").glob("*.yml"))) >= 29
    assert settings["masterdata.watch_from_pct"] == 2
    assert settings["masterdata.different"] == [{**PAIR}]
    assert settings["masterdata_rule.partner_same_vat"]["same"] == "vat_key"
    assert {rule.kind for rule in policy.rules.values()} == {"duplicate", "gap", "inconsistency"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"looks": "x"}, "rule 'partner_same_vat': unknown key 'looks'. Did you mean 'looks_at'?"),
        ({"about": "res.partners"}, "about: no records 'res.partners'; there are res.partner, "),
        ({"same": None}, "a rule says one of same, needs, finds, query; this says none"),
        ({"finds": "'x'"}, "this says same, finds"),
        ({"kind": "gap"}, "same and duplicate go together"),
        ({"kind": "oddity"}, "kind: Input should be 'duplicate', 'gap' or 'inconsistency'"),
        ({"kind": "gap", "same": None, "query": "select 1 from {ticket}"},
         "query: no relation 'ticket'; there are partner"),
        ({"looks_at": None}, "'looks_at' is missing"),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_refused_with_its_file(folder, changes, message):
    change(folder / "masterdata" / "partner_same_vat.yml", **changes)
    with pytest.raises(ConfigError) as raised:
        load_masterdata(folder, REGISTRY)
    assert message in str(raised.value)
    assert f"{folder}/masterdata/partner_same_vat.yml: rule 'partner_same_vat'" in str(raised.value)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"client": "nobody"}, "different 1: "),
        ({"rule": "partner_gap"},
         "different 1: 'partner_gap' is no rule about duplicates. There are: account_same_code"),
        ({"rule": "customer_gap"}, "different 1: 'customer_gap' is no rule about duplicates."),
        ({"records": [4]}, "different 1: "),
        ({"records": [4, 4]}, "records: names one record twice"),
        ({"reason": "because"}, "different 1: reason"),
        ({"until": None}, "different 1: 'until' is missing"),
    ],
)  # fmt: skip
def test_a_wrong_pair_is_refused_with_its_place(folder, entry, message):
    pair = {key: value for key, value in {**PAIR, **entry}.items() if value is not None}
    change(folder / "masterdata.yml", different=[pair])
    with pytest.raises(ConfigError) as raised:
        load_masterdata(folder, REGISTRY)
    assert message in str(raised.value)
    assert f"{folder}/masterdata.yml: " in str(raised.value)


def test_a_pair_named_twice_a_rate_upside_down_and_no_rules_at_all_are_refused(folder):
    change(folder / "masterdata.yml", different=[PAIR, {**PAIR, "records": [9, 4]}])
    with pytest.raises(ConfigError, match="different 2: this pair is named twice"):
        load_masterdata(folder, REGISTRY)
    change(folder / "masterdata.yml", different=[], rate={"watch_from_pct": 5, "act_from_pct": 2})
    with pytest.raises(ConfigError, match="act_from_pct is lower than watch_from_pct"):
        load_masterdata(folder, REGISTRY)
    change(folder / "masterdata.yml", rate={"watch_from_pct": 2, "act_from_pct": 2})
    (folder / "masterdata" / "Odd Name.yml").write_text("title: x")
    with pytest.raises(ConfigError, match=r"Odd Name\.yml: a rule's file is named in lower case"):
        rules_variable(folder)
    shutil.rmtree(folder / "masterdata")
    with pytest.raises(ConfigError, match="no rules of master data"):
        rules_variable(folder)


def test_the_version_of_the_rules_moves_with_what_decides_what_they_find(folder):
    before = rules_variable(folder)["version"]
    assert rules_variable(folder)["version"] == before
    change(folder / "masterdata.yml", rate={"watch_from_pct": 1, "act_from_pct": 3})
    assert rules_variable(folder)["version"] == before
    change(folder / "masterdata" / "partner_same_vat.yml", looks_at="is_in_use")
    changed = rules_variable(folder)["version"]
    assert changed != before
    change(folder / "masterdata.yml", legal_forms=["gmbh"])
    assert rules_variable(folder)["version"] not in (before, changed)
