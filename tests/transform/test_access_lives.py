"""Exceptions, entitlements, capabilities and what-ifs over three nights, against what was planted and plain sets."""

from __future__ import annotations

import itertools
from random import Random

import pytest
from driftline.access_what_if import what_if
from driftline.errors import ConfigError
from driftline.policies import load_policies
from driftline.registry import load_registry

from tests.conftest import REPOSITORY
from tests.transform import access_lives, group_graphs
from tests.transform.access_lives import AGAIN, BILLING, CASES, CLEAN, COMMON, LISTED, NEW, NIGHTS, TWICE
from tests.transform.world import at

OPERATIONS = ("read", "write", "create", "unlink")
_NAMES = (
    "res.users", "res.groups", "account.payment", "account.move", "account.move.line", "res.partner",
    "res.partner.bank", "ir.cron", "stock.picking",
)  # fmt: skip
MODELS = dict(enumerate(_NAMES, start=1))


@pytest.fixture(scope="module")
def lived(new_world, tmp_path_factory):
    """Three nights: exceptions of each, and a world that stands as the last of them left it."""
    world = new_world()
    graphs = {f"graph_{seed}": group_graphs.random_graph(seed, is_implied=seed < 3) for seed in range(5)}
    for seed, (client_id, graph) in enumerate(graphs.items()):
        group_graphs.plant(world, client_id, graph, version="19.0.1.3" if seed < 3 else "18.0.1.3", read_at=NIGHTS[1])
    rows = {client_id: plant_access_rows(world, client_id, seed) for seed, client_id in enumerate(graphs)}
    access_lives.plant_clean(world)
    access_lives.plant_cases(world)
    access_lives.plant_new(world)
    access_lives.plant_listed(world)
    client_ids = [CLEAN, CASES, NEW, LISTED, *graphs]
    folder = tmp_path_factory.mktemp("access")
    settings = access_lives.settings_of(world, folder, client_ids)
    found, groups, implied, reasons = {}, {}, {}, {}

    held = "select odoo_user_id, odoo_group_id from access.effective_group where client_id = %s"

    def once_built(number: int) -> None:
        access_lives.hand_in_staff(settings, folder, number)
        access_lives.build(settings, number)
        listed = world.rows(
            "select to_jsonb(e) from access.exception e where client_id = any (%s)", [CLEAN, CASES, LISTED]
        )
        found[number] = {(row["client_id"], row["odoo_user_id"], row["rule"]): row for (row,) in listed}
        groups[number] = set(world.rows(held, CASES))
        reasons[number] = dict(world.rows("select rule, reason from access.rule where client_id = %s", LISTED))
        implied[number] = {group for _, group in world.rows(held, NEW)}

    access_lives.live(world, client_ids, once_built)
    return {
        "world": world,
        "settings": settings,
        "found": found,
        "groups": groups,
        "implied": implied,
        "reasons": reasons,
        "graphs": graphs,
        "rows": rows,
    }


def plant_access_rows(world, client_id: str, seed: int) -> list[dict]:
    """Random access rows, some without a group, some switched off; and two groups that the policies know by name."""
    chance = Random(seed)
    rows = [
        {"id": number, "name": f"row {number}", "active": chance.random() < 0.8,
         "model_id": chance.choice(list(MODELS)),
         "group_id": chance.choice([*range(1, 31)]) if chance.random() < 0.95 else None}
        | {f"perm_{operation}": chance.choice((True, False, None)) for operation in OPERATIONS}
        for number in range(1, 80)
    ]  # fmt: skip
    world.raw(client_id, "ir_model_access", rows, read_at=NIGHTS[1])
    world.raw(client_id, "ir_model", [{"id": key, "model": model} for key, model in MODELS.items()], read_at=NIGHTS[1])
    ids = [
        {"id": group, "module": "base", "name": name, "model": "res.groups", "res_id": group}
        for group, name in ((5, "group_system"), (6, "group_allow_export"))
    ]  # fmt: skip
    world.raw(client_id, "ir_model_data", ids, read_at=NIGHTS[1])
    return rows


def allowed_by(rows: list[dict], held: set[int]) -> set[tuple[str, str]]:
    return {
        (MODELS[row["model_id"]], operation)
        for row in rows for operation in OPERATIONS
        if row["active"] and row[f"perm_{operation}"] and (row["group_id"] is None or row["group_id"] in held)
    }  # fmt: skip


def can_by(rows: list[dict], held: set[int], capabilities) -> set[str]:
    allowed, names = allowed_by(rows, held), {5: "base.group_system", 6: "base.group_allow_export"}
    mine = {names[group] for group in held if group in names}
    return {
        name for name, capability in capabilities.items()
        for way in capability.any_of
        if set(itertools.product(way.models, way.operations)) <= allowed and (not way.groups or mine & set(way.groups))
    }  # fmt: skip


@pytest.fixture(scope="module")
def policies(lived):
    settings = lived["settings"]
    registry = load_registry(settings.clients_file)
    return load_policies(settings.policies_folder, registry, seeds=REPOSITORY / "dbt_project" / "seeds")


def test_entitlements_are_what_plain_sets_allow(lived):
    world = lived["world"]
    listed = world.rows("select client_id, odoo_user_id, model, operation, access_row_ids from access.entitlement")
    found = {row[:4]: row[4] for row in listed if row[0] in lived["graphs"]}
    expected = {
        (client_id, user, *cell)
        for client_id, graph in lived["graphs"].items() for user, held in graph.held.items()
        for cell in allowed_by(lived["rows"][client_id], held)
    }  # fmt: skip
    assert len(expected) > 500
    assert set(found) == expected
    for (client_id, user, model, operation), row_ids in found.items():
        held = lived["graphs"][client_id].held[user]
        assert row_ids == [
            row["id"] for row in lived["rows"][client_id]
            if row["active"] and row[f"perm_{operation}"] and MODELS[row["model_id"]] == model
            and (row["group_id"] is None or row["group_id"] in held)
        ]  # fmt: skip


def test_capabilities_are_what_plain_sets_give(lived, policies):
    rows = lived["world"].rows(
        "select client_id, odoo_user_id, capability from access.capability where odoo_user_id > 1"
    )
    found = {row for row in rows if row[0] in lived["graphs"]}
    expected = {
        (client_id, user, capability)
        for client_id, graph in lived["graphs"].items() for user, held in graph.held.items() if user > 1
        for capability in can_by(lived["rows"][client_id], held, policies.capabilities)
    }  # fmt: skip
    assert len(expected) > 60
    assert len({capability for _, _, capability in expected}) > 6
    assert found == expected


def test_the_superuser_is_listed_with_everything(lived):
    rows = lived["world"].rows(
        "select is_superuser, count(*) from access.capability where client_id = %s and odoo_user_id = 1 group by 1",
        CASES,
    )
    assert rows == [(True, 13)]


def test_what_one_more_group_brings_is_what_plain_sets_say(lived, policies):
    chance, brought = Random(7), 0
    for client_id, graph in lived["graphs"].items():
        for user, group in ((chance.choice([*graph.held]), chance.randrange(1, 31)) for _ in range(6)):
            coming = {group}
            while more := {implied for one, implied in graph.implications if one in coming} - coming:
                coming |= more
            before, after = graph.held[user], graph.held[user] | coming
            can, could = (can_by(lived["rows"][client_id], held, policies.capabilities) for held in (before, after))
            asked = what_if(lived["settings"], client_id=client_id, user=str(user), group=str(group))
            assert list(asked.groups) == sorted(group_graphs.group_name(one) for one in coming - before)
            assert {it.capability for it in asked.capabilities} == could - can
            broken = {
                name for name, rule in policies.sod.rules.items()
                if rule.needs_module is None
                and all(could & set(side) for side in rule.sides) and not all(can & set(side) for side in rule.sides)
            }  # fmt: skip
            assert {it.rule for it in asked.conflicts} == broken
            brought += len(broken)
    assert brought > 5


@pytest.mark.parametrize(
    ("user", "group", "message"),
    [("nobody", "1", "has no user 'nobody'"), ("user2", "Group 77", "has no group 'Group 77'"),
     ("user2", "Group 5", "has 2 groups 'Group 5'. Ids: 5 (base.group_system), 25 (made by hand)")],
)  # fmt: skip
def test_a_question_about_what_is_not_there_is_refused(lived, user, group, message):
    with pytest.raises(ConfigError) as raised:
        what_if(lived["settings"], client_id="graph_0", user=user, group=group)
    assert message in str(raised.value)


def test_a_clean_client_has_no_exception_and_no_conflict(lived):
    assert [key for found in lived["found"].values() for key in found if key[0] == CLEAN] == []
    world = lived["world"]
    assert world.rows("select * from access.sod_conflict where client_id = %s", CLEAN) == []
    reasons = dict(world.rows("select rule, reason from access.rule where client_id = %s and not is_judged", CLEAN))
    assert set(reasons) == {"entry_and_approval"}


def test_each_planted_case_is_found_once_and_nothing_else(lived):
    found = {number: {key[1:] for key in rows if key[0] == CASES} for number, rows in lived["found"].items()}
    always = {
        (4, "leaver_still_active"),  # both of its employees have left; of user 3 one is still there
        (15, "api_key_old"),
        (16, "api_key_of_leaver"),
        (17, "portal_with_internal_rights"), (17, "no_second_factor"),
        (19, "manager_left"), (20, "manager_missing"),
        (21, "stale"),
        (25, "no_employee"), (26, "no_employee"),
    }  # fmt: skip
    first = {(6, "no_employee"), (7, "never_logged_in"), (13, "company_outside_unit"), (11, "no_second_factor")}
    first |= {(28, "leaver_still_active")}
    assert found[1] == always | first
    # The employee of user 5 names user 6 now; user 7 is archived; two gained what none of their peers hold.
    second = always | {(5, "no_employee"), (8, "role_creep"), (12, "role_creep"), (27, "leaver_still_active")}
    second |= {(11, "no_second_factor"), (12, "no_second_factor"), (28, "slow_deactivation")}
    assert found[2] == second - {(15, "api_key_old"), (16, "api_key_of_leaver")}
    # User 12 lost one again, 11 set up a factor; user 7 is back; user 3 got what the policy names for user 2 only.
    third = second - {(12, "role_creep"), (11, "no_second_factor")}
    third |= {(7, "never_logged_in"), (3, "administrator_not_named")}
    assert found[3] == third


def test_what_is_found_no_more_is_closed_by_the_first_night_that_judged_it(lived):
    listed = lived["world"].rows(
        "select client_id, odoo_user_id, rule, opened_at, closed_at, open_days, since_at from access.exception_history"
    )
    seen = {number: set(rows) for number, rows in lived["found"].items()}
    keys = {(CASES, 15, "api_key_old"), (CASES, 16, "api_key_of_leaver")}
    seen[2] |= keys  # not judged in that night, which neither closes nor opens anything
    expected = set()
    for key in set().union(*seen.values()):
        opened = [number for number in NIGHTS if key in seen[number] and key not in seen.get(number - 1, ())]
        for number in opened:
            gone = [later for later in NIGHTS if later > number and key not in seen[later]]
            expected.add((*key, NIGHTS[number], NIGHTS[gone[0]] if gone else None))
    assert {row[:5] for row in listed if row[0] in (CLEAN, CASES)} == {row for row in expected if row[0] != LISTED}
    closed = {row[1:3] for row in expected if row[4] and row[0] == CASES}
    assert closed == {
        (6, "no_employee"), (7, "never_logged_in"), (13, "company_outside_unit"), (11, "no_second_factor"),
        (12, "role_creep"), (28, "leaver_still_active"),
    }  # fmt: skip
    assert sum(row[:3] == (CASES, 7, "never_logged_in") for row in expected) == 2
    # With the list gone its rules cannot be judged any more, which closes nothing.
    kept = {row[1:3] for row in listed if row[0] == LISTED and row[4] is None}
    assert kept == {key[1:] for key in lived["found"][2] if key[0] == LISTED}
    for *_, opened_at, closed_at, open_days, since_at in listed:
        begins_at = min(opened_at, since_at or opened_at)
        assert open_days == max(((closed_at or NIGHTS[3]) - begins_at).total_seconds() / 86400, 0)


def test_a_staff_list_stands_in_for_employees_that_odoo_does_not_have(lived):
    found = {
        number: {key[1:]: row for key, row in rows.items() if key[0] == LISTED}
        for number, rows in lived["found"].items()
    }
    assert set(found[2]) == {
        (3, "company_outside_unit"), (4, "leaver_still_active"), (5, "manager_left"), (6, "no_employee"),
        (7, "manager_missing"),
    }  # fmt: skip
    assert found[2][4, "leaver_still_active"]["since_at"] == "2026-10-21T00:00:00+00:00"
    assert found[2][5, "manager_left"]["evidence_ids"] == ["res.users,5", "staff list,5", "staff list,6"]
    assert found[1] == found[3] == {}
    without = "this client keeps no employees in Odoo, and no staff list was handed in"
    judged_by_people = {"leaver_still_active", "no_employee", "manager_left", "manager_missing", "company_outside_unit"}
    for number in (1, 3):
        assert {rule for rule, reason in lived["reasons"][number].items() if reason == without} >= judged_by_people
    assert without not in lived["reasons"][2].values()


def test_days_from_leaving_to_deactivation_are_told_of_those_already_gone_too(lived):
    rows = lived["world"].rows(
        "select odoo_user_id, deactivation_days, is_deactivation_seen from access.user"
        " where client_id = %s and deactivation_days is not null order by 1", CASES,
    )  # fmt: skip
    # All left on 2026-10-20: one is active still, one was archived before the first night, one before the second.
    last_day_ended = at("2026-10-21 00:00")
    days = [(moment - last_day_ended).total_seconds() / 86400 for moment in
            (NIGHTS[3], at("2026-10-25 09:00"), NIGHTS[2])]  # fmt: skip
    assert rows == [(4, days[0], None), (access_lives.ARCHIVED, days[1], False), (28, days[2], True)]


def test_a_second_factor_is_shown_where_the_client_shows_it_or_its_identity_provider_asks(lived):
    rows = lived["world"].rows("select client_id, odoo_user_id, second_factor from access.user")
    found = {(client_id, user): state for client_id, user, state in rows}
    assert {state for (client_id, _), state in found.items() if client_id == CLEAN} == {"at the identity provider"}
    assert {state for (client_id, _), state in found.items() if client_id not in (CLEAN, CASES)} == {"n/a"}
    without = {user for (client_id, user), state in found.items() if client_id == CASES and state == "none"}
    assert without == ({*access_lives.NO_FACTOR} - {11}) | {12}
    unjudged = "select client_id, reason from access.rule where rule = 'no_second_factor' and not is_judged"
    assert dict(lived["world"].rows(unjudged)) == dict.fromkeys(
        [NEW, LISTED, *lived["graphs"]],
        "this client does not show who has a second factor (driftline grants --second-factor)",
    )


def test_devices_are_counted_where_odoo_logs_them(lived):
    rows = lived["world"].rows("select client_id, odoo_user_id, device_count, device_last_active_at from access.user")
    assert {count for client_id, _, count, _ in rows if client_id != CASES} == {None}
    found = {user: (count, last) for client_id, user, count, last in rows if client_id == CASES and count}
    # What was active after the night was active in it.
    assert found == {8: (2, at("2026-11-01 08:00")), 9: (1, NIGHTS[3])}
    assert {count for client_id, _, count, _ in rows if client_id == CASES} == {0, 1, 2}


def test_roles_are_listed_with_their_dates(lived):
    rows = lived["world"].rows(
        "select client_id, odoo_user_id, role_name, starts_on, ends_on, is_in_force, given_by_odoo_user_id"
        " from access.role_assignment order by 2"
    )
    in_force = {8: True, 9: True, 10: False, 11: False}
    assert rows == [
        (CASES, user, f"Group {BILLING}", first, last, in_force[user], 2) for user, first, last in access_lives.ROLES
    ]
    held = dict(lived["world"].rows("select odoo_user_id, odoo_role_ids from access.user where client_id = %s", CASES))
    assert {user for user, roles in held.items() if roles} == {8, 9}


def test_who_is_exempt_stays_listed_with_owner_and_end(lived):
    listed = lived["found"][3]
    exempt = {key[1]: row for key, row in listed.items() if row["is_exempt"]}
    assert set(exempt) == {access_lives.FREE}
    row = exempt[access_lives.FREE]
    assert (row["exempt_owner"], row["exempt_reason"], row["exempt_until_on"]) == ("Ann", "Auditor", "2026-12-01")


def test_since_when_is_the_night_that_saw_it_or_what_the_records_tell(lived):
    since = {key[1:]: row["since_at"] for key, row in lived["found"][3].items()}
    assert since[8, "role_creep"] == "2026-11-04T02:00:00+00:00"
    assert since[3, "administrator_not_named"] == "2026-11-05T02:00:00+00:00"
    assert since[4, "leaver_still_active"] == "2026-10-21T00:00:00+00:00"
    assert since[27, "leaver_still_active"] == "2026-11-04T02:00:00+00:00"
    assert since[12, "no_second_factor"] == "2026-11-04T02:00:00+00:00"
    assert since[21, "stale"] == "2026-08-02T08:00:00+00:00"
    assert since[15, "api_key_old"] == "2025-07-09T08:00:00+00:00"


def test_role_creep_tells_how_many_peers_hold_it(lived):
    assert lived["found"][3][CASES, 8, "role_creep"]["detail"] == (
        "Group 61 (0 of 4 peers), Group 62 (0 of 4 peers), Group 63 (0 of 4 peers)"
    )


def test_a_user_in_300_groups_has_300_and_a_group_made_again_is_another(lived):
    first, last = lived["groups"][1], lived["groups"][3]
    assert sum(user == 23 for user, _ in last) == 301
    assert {group for user, group in first if user == 24} == {1, TWICE}
    assert {group for user, group in last if user == 24} == {1, AGAIN}


def test_what_a_group_implies_comes_and_goes_with_the_implication_alone(lived):
    assert lived["implied"] == {1: {COMMON}, 2: {COMMON, BILLING}, 3: {COMMON}}


def test_who_was_archived_keeps_its_groups_and_has_them_again(lived):
    for number in NIGHTS:
        assert {group for user, group in lived["groups"][number] if user == 7} == {1}
