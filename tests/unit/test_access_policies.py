"""What access is judged by is read strictly: a wrong key, model, capability or rule is named with its place."""

from __future__ import annotations

import shutil

import pytest
from conftest import REPOSITORY
from driftline.errors import ConfigError
from driftline.policies import load_policies
from driftline.policies.handing_over import settings_of
from driftline.registry import load_registry

REGISTRY = load_registry(REPOSITORY / "demo" / "clients.yml")
SEEDS = REPOSITORY / "dbt_project" / "seeds"
EXEMPTION = "{client: aegean, user: admin, rule: no_employee, owner: K. Ioannou, reason: Service, until: 2027-01-31}"


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(REPOSITORY / "config" / "policies", tmp_path, dirs_exist_ok=True)
    return tmp_path


def load(folder):
    return load_policies(folder, REGISTRY, seeds=SEEDS)


def change(path, right, wrong):
    text = path.read_text()
    assert right in text
    path.write_text(text.replace(right, wrong, 1))


def test_the_projects_own_policies_say_what_they_mean(folder):
    policies = load(folder)
    settings = dict(settings_of(policies))
    assert settings["access.stale.internal_days"] == 90
    assert settings["access.leaver_still_active.severity"] == "act"
    assert settings["capability.pay_vendors"]["ways"] == [
        {"needs": [{"model": "account.payment", "operation": "create"}]}
    ]
    assert settings["capability.enter_bills"]["ways"][0]["needs"] == [
        {"model": "account.move", "operation": "create"}, {"model": "account.move.line", "operation": "create"},
    ]  # fmt: skip
    assert len(policies.capabilities) == 13
    assert set(policies.sod.rules) >= {"vendor_and_payment", "order_receipt_and_bill", "rights_and_money"}


def test_a_side_that_names_an_area_means_all_its_capabilities(folder):
    assert load(folder).sod.rules["rights_and_money"].sides == (
        ("change_user_rights",), ("enter_bills", "pay_vendors", "post_entries"),
    )  # fmt: skip


def test_a_way_may_need_models_and_one_of_several_groups(folder):
    change(
        folder / "capabilities.yml", "- {groups: [base.group_allow_export]}",
        "- {models: [res.partner], operations: [read], groups: [base.group_allow_export, base.group_system]}",
    )  # fmt: skip
    assert load(folder).capabilities["export_everything"].any_of[0].needs == [
        {"model": "res.partner", "operation": "read"}, {"groups": ["base.group_allow_export", "base.group_system"]},
    ]  # fmt: skip


def test_an_exemption_is_handed_over_whole(folder):
    change(folder / "access.yml", "exemptions: []", f"exemptions: [{EXEMPTION}]")
    assert dict(settings_of(load(folder)))["access.exemptions"] == [{
        "client": "aegean", "user": "admin", "rule": "no_employee", "owner": "K. Ioannou", "reason": "Service",
        "until": "2027-01-31",
    }]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "right", "wrong", "message"),
    [
        ("capabilities", "models: [account.payment]", "models: [account.paymnt]",
         "capability 'pay_vendors': unknown model 'account.paymnt'."),
        ("capabilities", "operations: [create]}", "operations: [creat]}",
         "any_of.0.operations.0: Input should be 'read'"),
        ("capabilities", "{groups: [base.group_system]}", "{groups: [Settings]}",
         "any_of.0.groups.0: String should match"),
        ("capabilities", "- {groups: [base.group_system]}", "- {operations: [read]}",
         "models and operations go together"),
        ("capabilities", "acts: [vendor created]", "acts: [vendor made]", "acts.0: Input should be 'vendor created'"),
        ("capabilities", "area: export", "area: run_code", "'run_code' is the name of a capability and of an area"),
        ("sod", "[pay_vendors]", "[pay_vendor]",
         "rule 'vendor_and_payment': unknown capability 'pay_vendor'. Known: appr"),
        ("sod", "[[enter_bills], [pay_vendors]]", "[[enter_bills]]",
         "rule 'bill_and_payment': sides: Tuple should have"),
        ("sod", "[[enter_bills], [pay_vendors]]", "[[enter_bills], [financial]]",
         "'enter_bills' stands on more than one"),
        ("sod", "look_back_days: 365", "look_back: 365", "unknown key 'look_back'. Did you mean 'look_back_days'?"),
        ("access", "stale: {severity: watch", "stale: {severity: bad",
         "rules: stale.severity: Input should be 'watch' or"),
        ("access", "never_logged_in:", "never_logged:",
         "rules: unknown key 'never_logged'. Did you mean 'never_logged_in'?"),
        ("access", "  no_employee: {severity: watch}\n", "", "rules: 'no_employee' is missing"),
        ("access", "powers: [change_settings, run_code]", "powers: [code]",
         "powers_with_business.powers: unknown capability 'code'"),
        ("access", "mfa_at_idp: []", "mfa_at_idp: [zeta]", "no_second_factor.mfa_at_idp: no client 'zeta'"),
        ("access", "exemptions: []", f"exemptions: [{EXEMPTION.replace('no_employee', 'no_employe')}]",
         "exemption 1: unknown rule 'no_employe'."),
        ("access", "exemptions: []", f"exemptions: [{EXEMPTION.replace(', until: 2027-01-31', '')}]",
         "exemption 1: 'until' is missing"),
        ("access", "service_accounts: {}", "service_accounts: {zeta: [x]}", "service_accounts: no client 'zeta'"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_refused_with_its_place(folder, file, right, wrong, message):
    path = folder / f"{file}.yml"
    change(path, right, wrong)
    with pytest.raises(ConfigError) as raised:
        load(folder)
    assert message in str(raised.value)
    assert str(path) in str(raised.value)
