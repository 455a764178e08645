"""What real servers answered for every user, model and operation, against the access marts, in both directions; and
what the access edits of three evenings are found as."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from conftest import run_sql

from integration.odoo_source import FACTS

pytestmark = pytest.mark.skipif(not FACTS.is_dir(), reason="the recorded facts about Odoo are absent")

EVENINGS = {1: "", 2: "-night2", 3: "-night3"}


@pytest.fixture(scope="module")
def evenings(lived_evenings) -> dict[str, Any]:
    """Three evenings of 17.0 and one of 19.0, each as it was after its own build."""
    nights = lived_evenings.nights
    seen: dict[str, Any] = {f"17.0{suffix}": nights[number].access["direct"] for number, suffix in EVENINGS.items()}
    seen["19.0"] = nights[3].access["nineteen"]
    seen["relations"] = {number: _relations(nights[number].source) for number in EVENINGS}
    return seen


def _relations(url: str) -> tuple[set, set, set]:
    """Give memberships, implications and active users as the source itself has them."""
    return tuple(
        set(run_sql(url, query)) for query in (
            "select uid, gid from res_groups_users_rel", "select gid, hid from res_groups_implied_rel",
            "select id from res_users where active",
        )
    )  # fmt: skip


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
              f" {len(allowed - seen.allowed)}, extra {len(seen.groups - groups)}"
              f" and {len(seen.allowed - allowed)}")  # fmt: skip
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
              f" missing {len(rules - here)}, extra {len(here - rules)};"
              f" {len(seen.rules)} on entitlements")  # fmt: skip
    assert len(rules) > 2900
    assert here ^ rules == set()
    assert seen.rules == {rule for rule in seen.all_rules if rule[:3] in seen.allowed}
    assert len(seen.rules) > 1000


def test_which_group_was_given_is_said_only_where_it_can_be_known(evenings):
    before_19 = Counter(row["direct"] for row in evenings["17.0"].effective)
    since_19 = Counter(row["direct"] for row in evenings["19.0"].effective)
    assert set(before_19) == {"yes", "unknown"}
    assert set(since_19) == {"yes", "no"}


def test_the_access_edits_give_exactly_the_exceptions_they_should_and_withdrawn_ones_close(evenings):
    first, second, third = (set(evenings[f"17.0{suffix}"].exceptions) for suffix in EVENINGS.values())
    # Before any edit: people who may enter companies that are not their employer's, and an administrator who does all.
    assert first == {(2, "company_outside_unit"), (6, "company_outside_unit"), (2, "powers_with_business")}
    assert second - first == {
        (6, "group_without_approval"),  # edit 15
        (14, "administrator_not_named"), (14, "no_employee"), (14, "joiner_without_approval"),  # edit 18
        (15, "leaver_still_active"), (15, "joiner_without_approval"),  # edit 19
    }  # fmt: skip
    assert first - second == set()
    assert second - third == {
        (14, "administrator_not_named"),  # edit 38
        (15, "leaver_still_active"), (15, "joiner_without_approval"),  # edit 39
    }  # fmt: skip
    assert third - second == {
        (15, "slow_deactivation"),  # edit 39, weeks after the departure of edit 19
        (6, "stored_not_implied"), (14, "stored_not_implied"),  # what edits 34 and 38 left behind
    }  # fmt: skip
    # What was withdrawn is kept with the evening that closed it, everything else as open since the one that found it.
    last = evenings[f"17.0{[*EVENINGS.values()][-1]}"]
    opened = {
        **dict.fromkeys(third, "2026-11-25"),
        **dict.fromkeys(second, "2026-11-24"),
        **dict.fromkeys(first, "2026-11-23"),
    }
    assert last.history == {(*key, day, None if key in third else "2026-11-25") for key, day in opened.items()}
    assert [int(days) for days in last.deactivation_days.values()] == [24]
    assert list(last.deactivation_days) == [15]


def test_exceptions_show_since_when_on_what_and_by_which_line(evenings):
    leaver = evenings["17.0-night2"].exceptions[15, "leaver_still_active"]
    assert (leaver["severity"], leaver["since_at"], leaver["detail"]) == (
        "act", "2026-11-01T00:00:00+00:00", "left on 2026-10-31"
    )  # fmt: skip
    assert leaver["evidence_ids"] == ["res.users,15", "hr.employee,2"]
    assert leaver["policy"] == 'config/policies/access.yml: leaver_still_active: {severity: "act"}'
    administrator = evenings["17.0-night2"].exceptions[14, "administrator_not_named"]
    assert administrator["since_at"] == "2026-11-24T02:00:00+00:00"
    assert administrator["evidence_ids"] == ["res.users,14", "res.groups,4"]
    assert 'admin"' not in administrator["policy"]
    assert evenings["17.0-night3"].exceptions[15, "slow_deactivation"]["detail"] == "deactivated 24 days after leaving"


def test_rests_of_implications_are_those_that_the_sources_own_tables_show(evenings):
    relations = evenings["relations"]
    members, _, active = relations[3]

    def implied(user: int, group: int, number: int) -> bool:
        held, implies, _ = relations[number]
        ways = {one for one, other in implies if other == group and one != group}
        return any((user, one) in held for one in ways)

    left = {
        (user, group) for user, group in members
        if (user,) in active and user != 1 and not implied(user, group, 3)
        and any((user, group) in relations[number][0] and implied(user, group, number) for number in (1, 2))
    }  # fmt: skip
    found = {
        (user, int(evidence.removeprefix("res.groups,")))
        for (user, rule), row in evenings["17.0-night3"].exceptions.items() if rule == "stored_not_implied"
        for evidence in row["evidence_ids"] if evidence.startswith("res.groups,")
    }  # fmt: skip
    assert len(left) >= 4
    assert found == left


def test_what_cannot_be_judged_says_why(evenings):
    old, new = evenings["17.0-night3"].not_judged, evenings["19.0"].not_judged
    assert old == {
        "no_second_factor": "this client does not show who has a second factor (driftline grants --second-factor)",
        "entry_and_approval": (
            "module account_move_tier_validation is not installed: this Odoo does not know one of the sides"
        ),
    }
    assert set(new) - set(old) == {"implied_not_stored", "stored_not_implied"}
    assert new["implied_not_stored"] == "from 19.0 implied memberships are not stored"
    assert evenings["17.0"].not_judged["role_creep"] == "the history begins with this night"


def test_one_person_who_made_vendor_account_bill_and_payment_is_found_with_the_documents(evenings):
    def used(which: str) -> dict[tuple[int, str], dict[str, Any]]:
        return {key: row for key, row in evenings[which].conflicts.items() if row["exercised"] == "yes"}

    assert used("17.0") == {}
    found = used("17.0-night2")
    bill, payment = {"account.move": {"USD": 1350.0}}, {"account.payment": {"USD": 1350.0}}
    assert {key: (row["document_ids"], row["amounts"]) for key, row in found.items()} == {
        (2, "bill_and_payment"): (["account.move,25", "account.payment,1"], {**bill, **payment}),
        (2, "vendor_and_bill"): (["account.move,25", "res.partner,50208", "res.partner.bank,2"], bill),
        (2, "vendor_and_payment"): (["account.payment,1", "res.partner,50208", "res.partner.bank,2"], payment),
    }
    assert all(row["is_possible"] for row in found.values())
    assert evenings["17.0-night2"].conflicts[2, "rights_and_money"]["exercised"] == "n/a"


def test_a_conflict_is_possible_for_whom_the_server_lets_do_both(evenings):
    for which in ("17.0", "17.0-night2", "17.0-night3", "19.0"):
        may = {
            (int(user), operation, model)
            for user, facts in oracle(which).items() if facts["active"] and user != "1"
            for operation, models in facts["allowed_models"].items() for model in models
        }  # fmt: skip
        users = {user for user, _, _ in may}
        both = {
            user for user in users
            if (user, "create", "account.payment") in may
            and {(user, "create", "account.move"), (user, "create", "account.move.line")} <= may
        }  # fmt: skip
        found = {
            user for (user, rule), row in evenings[which].conflicts.items()
            if rule == "bill_and_payment" and row["is_possible"]
        }  # fmt: skip
        assert found == both
        assert both


def test_invoicing_would_bring_what_the_server_ties_to_it(evenings):
    asked = evenings["19.0"].invoicing_for
    assert {it.capability for it in asked.capabilities} == {"enter_bills", "pay_vendors", "post_entries"}
    assert {it.rule for it in asked.conflicts} == {"bill_and_payment", "vendor_and_bill", "vendor_and_payment"}
    assert asked.groups == ("Invoicing",)
    # On 17.0 the same person holds it already.
    held = evenings["17.0"].invoicing_for
    assert (held.groups, held.capabilities, held.conflicts) == ((), (), ())
