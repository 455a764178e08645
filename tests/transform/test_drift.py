"""Five nights of configuration: what changed between them (gross), what is left of it (net), and who decided it."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
import yaml
from driftline import transform, transform_register
from driftline.baseline import compare, list_baselines, set_baseline
from driftline.comparison import compare_days, compile_question
from driftline.errors import ConfigError

from tests.conftest import REPOSITORY
from tests.transform.configuration_lives import NIGHTS, everybody, live
from tests.transform.world import at

ENTRY = {
    "client": "approved",
    "from": date(2026, 10, 31),
    "until": date(2026, 11, 2),
    "approved_by": "K.",
    "reason": "R.",
}
REGISTER = {
    "rename": {**ENTRY, "entity": "ir.config_parameter", "key": "web.base.url", "ticket": "CHG-1"},
    "jobs": {**ENTRY, "entity": "ir.cron"},
    "forgotten": {**ENTRY, "entity": "ir.sequence", "key": "Orders"},
    "later": {**ENTRY, "entity": "ir.sequence", "until": date(2026, 11, 30)},
    "others": {**ENTRY, "client": "set_back", "entity": "ir.config_parameter", "until": date(2026, 11, 5)},
    "too_early": {**ENTRY, "client": "twice_a_day", "entity": "ir.ui.view", "until": date(2026, 11, 1)},
}


@pytest.fixture(scope="module")
def story(new_world, tmp_path_factory):
    world, lives = new_world(), everybody()
    folder = shutil.copytree(REPOSITORY / "config" / "policies", tmp_path_factory.mktemp("policies") / "policies")
    entry = {"name": "Test", "transport": "postgres", "timezone": "UTC", "tickets": {"source": "helpdesk"}}
    (folder / "clients.yml").write_text(yaml.safe_dump({"clients": {life.client_id: entry for life in lives}}))
    (folder / "approved_changes.yml").write_text(yaml.safe_dump({"approved_changes": REGISTER}))
    settings = replace(world.settings, clients_file=folder / "clients.yml", policies_from=folder)

    def build(number: int) -> None:
        arguments = {"night_id": f"night {number}", "as_of_at": None, "quarter": None, "now": at("2026-11-05 05:00")}
        if number in (1, len(NIGHTS)):
            transform.build(settings, **arguments)
            return
        # Of the nights between only their history matters.
        registered = transform_register.register(settings, **arguments)
        command = ["build", "--select", "int_drift__read", "snap_odoo__configuration"]
        command += ["--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"]
        taken = transform.run_dbt(settings, command, variables=registered.variables)
        assert taken.success
        transform_register.finish(settings, registered.build_id, error_message=None)

    live(world, lives, build)
    return SimpleNamespace(world=world, settings=settings, lives={life.client_id: life for life in lives}, build=build)


def test_every_change_is_found_in_its_night_and_nothing_else_is(story):
    wanted = {
        (client_id, *finding): count for client_id, life in story.lives.items() for finding, count in life.gross.items()
    }
    assert len(wanted) > 70
    rows = story.world.rows("select client_id, seen_at, kind, entity, what from drift.config_change")
    assert Counter((client_id, NIGHTS.index(seen_at) + 1, *rest) for client_id, seen_at, *rest in rows) == wanted


def test_net_of_what_was_set_back_is_what_differs_from_the_first_night(story):
    wanted = {
        (client_id, *finding): count for client_id, life in story.lives.items() for finding, count in life.net.items()
    }
    assert len(wanted) > 25
    rows = story.world.rows("select client_id, kind, entity, what from drift.baseline_difference")
    assert Counter(rows) == wanted


def test_reverting_leaves_two_changes_and_no_difference(story):
    changes = story.world.rows(
        "select before_value, after_value from drift.config_change where client_id = 'set_back' order by seen_at"
    )
    old, new = "value: https://old.example", "value: https://new.example"
    assert changes == [(old, new), (new, old)]
    drift = story.world.rows(
        "select sum(difference_count), count(*) from drift.config_drift where client_id = 'set_back'"
    )
    assert drift == [(0, 8)]


def test_a_night_sees_where_two_changes_of_one_record_led(story):
    rows = story.world.rows(
        "select before_value, after_value, changed_at from drift.config_change"
        " where client_id = 'twice_a_day' and entity = 'ir.config_parameter'"
    )
    assert [row[:2] for row in rows] == [("value: https://old.example", "value: https://last.example")]


def test_a_record_made_again_shows_what_it_was_and_is(story):
    rows = story.world.rows(
        "select what, entity_key, before_value, after_value, evidence_count from drift.config_change"
        " where client_id = 'remade' order by 1"
    )
    same = "active: true, domain_md5: a, name: filter 1"
    assert rows == [("filter 1", "11", same, same, 2), ("filter 2", "12", "domain_md5: a", "domain_md5: b", 2)]


def test_a_module_put_in_place_without_a_new_version_is_one_finding(story):
    rows = story.world.rows(
        "select kind, what, after_value, origin, evidence_count from drift.config_change"
        " where client_id = 'redeployed' and seen_at = %s order by 1", NIGHTS[1],
    )  # fmt: skip
    assert rows == [
        ("changed", "view 13", "arch_md5: hand", "Odoo core", 1),
        ("redeployed", "sale", "ir.ui.view: 2", "Odoo core", 2),
    ]


def test_decisions_explain_what_they_name_and_only_in_their_days(story):
    rows = story.world.rows(
        "select client_id, what, is_explained, explained_by from drift.config_change"
        " where client_id in ('approved', 'set_back', 'twice_a_day') order by client_id, what, seen_at"
    )
    assert rows == [
        ("approved", "Hourly sync", False, None),
        ("approved", "Nightly sync", True, "task 40"),
        ("approved", "web.base.url", True, "rename"),
        ("set_back", "web.base.url", False, None),
        ("set_back", "web.base.url", False, None),
        ("twice_a_day", "view 11", False, None),
        ("twice_a_day", "web.base.url", False, None),
    ]
    net = story.world.rows(
        "select what, explained_by from drift.baseline_difference where client_id = 'approved' order by 1"
    )
    assert net == [("Hourly sync", None), ("Nightly sync", "task 40"), ("web.base.url", "rename")]


def test_an_entry_that_fits_nothing_or_twice_says_so(story):
    states = {
        change_id: (count, state, bool(message))
        for change_id, count, state, message in story.world.rows(
            "select change_id, finding_count, state, message from drift.approved_change"
        )
    }
    assert states == {
        "rename": (1, "matched", False),
        "jobs": (2, "matches twice", True),
        "forgotten": (0, "expired", True),
        "later": (0, "waiting", True),
        "others": (2, "matches twice", True),
        "too_early": (0, "expired", True),
    }
    notes = compare(story.settings, client_id="approved", on=None).notes
    assert notes == [
        "approved change 'forgotten': its last day is over and it fits no change: nothing like it was seen",
        "approved change 'jobs': fits 2 changes and explains none of them: name the record, or narrow the days",
    ]


def test_onboarding_sets_the_first_baseline_at_the_first_nights_moment(story):
    found = {it.client_id: it for it in list_baselines(story.settings, client_id=None)}
    assert set(found) == set(story.lives)
    assert {(it.name, it.baseline_on, it.baseline_at) for it in found.values()} == {
        ("onboarding", date(2026, 11, 1), NIGHTS[0])
    }
    counts = {client_id: it.difference_count for client_id, it in found.items()}
    assert counts == {client_id: life.net.total() for client_id, life in story.lives.items()}


def test_a_baseline_that_is_set_counts_from_the_next_build_on(story):
    # By the end of November 3rd, the third night is over and the change of the fourth is not there yet.
    now = at("2026-11-05 06:00")
    done = set_baseline(story.settings, client_id="set_back", on=date(2026, 11, 3), name="go-live", now=now)
    assert done.baseline_at == at("2026-11-04 00:00")
    with pytest.raises(ConfigError, match="no build has compared client 'set_back' with go-live yet"):
        compare(story.settings, client_id="set_back", on=date(2026, 11, 3))
    story.build(5)
    found = compare(story.settings, client_id="set_back", on=date(2026, 11, 3))
    assert [(it.kind, it.what, it.before_value) for it in found.differences] == [
        ("changed", "web.base.url", "value: https://new.example")
    ]
    assert compare(story.settings, client_id="set_back", on=date(2026, 11, 1)).differences == []


@pytest.fixture(scope="module")
def between(story):
    question = compile_question(story.settings)

    def ask(client_id: str, first: int | None, last: int, now=NIGHTS[-1] + timedelta(hours=4)):
        on = date(2026, 11, first) if first else None
        return compare_days(
            story.settings, client_id=client_id, on=on, to=date(2026, 11, last), now=now, question=question
        )

    return ask


def kinds(found) -> Counter[tuple[str, str, str]]:
    return Counter((it.kind, it.entity, it.what) for it in found.differences)


def test_two_days_with_one_night_between_them_differ_by_what_that_night_found(story, between):
    compared = 0
    for client_id, life in story.lives.items():
        for number in range(2, len(NIGHTS) + 1):
            wanted = Counter({finding[1:]: count for finding, count in life.gross.items() if finding[0] == number})
            if client_id == "remade":
                # A record made again with the same content is a change, but no difference that stays.
                wanted.pop(("recreated", "ir.filters", "filter 1"), None)
            assert kinds(between(client_id, number - 1, number)) == wanted, (client_id, number)
            compared += wanted.total()
    assert compared > 70


def test_from_the_first_night_to_the_last_two_days_differ_as_from_the_baseline(story, between):
    for client_id, life in story.lives.items():
        assert kinds(between(client_id, 1, 5)) == life.net, client_id
    net = between("approved", None, 5)
    assert [(it.what, it.explained_by) for it in sorted(net.differences, key=lambda it: it.what)] == [
        ("Hourly sync", None), ("Nightly sync", "task 40"), ("web.base.url", "rename"),
    ]  # fmt: skip
    assert (net.earlier.at, net.earlier.read_at, net.later.read_at) == (NIGHTS[0], NIGHTS[0], NIGHTS[-1])


def test_what_was_set_back_between_two_days_is_no_difference_and_what_was_set_in_between_is(between):
    changes = {
        days: [(it.before_value, it.after_value) for it in between("set_back", *days).differences]
        for days in ((1, 2), (2, 3), (2, 4), (3, 4), (1, 4))
    }
    old, new = "value: https://old.example", "value: https://new.example"
    assert changes == {(1, 2): [(old, new)], (2, 3): [], (2, 4): [(new, old)], (3, 4): [(new, old)], (1, 4): []}


def test_a_day_without_a_reading_stands_for_the_last_one_before_it_and_says_so(between):
    # The client was not read in the second night: its change of that day came with the third.
    found = between("not_read", 1, 2)
    assert (found.differences, found.earlier.read_at, found.later.read_at) == ([], NIGHTS[0], NIGHTS[0])
    assert between("not_read", 2, 3).later.read_at == NIGHTS[2]


@pytest.mark.parametrize(
    ("client_id", "first", "last", "message"),
    [
        ("set_back", 3, 3, "2026-11-03 does not lie before 2026-11-03"),
        ("set_back", 4, 2, "2026-11-04 does not lie before 2026-11-02"),
        ("set_back", 1, 6, "2026-11-06 lies in the future"),
        ("nobody", 1, 2, "no client 'nobody'"),
    ],
)
def test_days_that_cannot_be_compared_are_refused(between, client_id, first, last, message):
    with pytest.raises(ConfigError, match=message):
        between(client_id, first, last)


def test_days_before_the_first_reading_are_refused(story):
    with pytest.raises(ConfigError, match="begins on 2026-11-01; what was on 2026-10-30 is not known"):
        compare_days(
            story.settings, client_id="set_back", on=date(2026, 10, 30), to=date(2026, 11, 2), now=NIGHTS[-1],
            question="none",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("client_id", "on", "message"),
    [
        (
            "set_back",
            date(2026, 10, 31),
            "the history of client 'set_back' begins on 2026-11-01; what was on 2026-10-31",
        ),
        ("set_back", date(2026, 11, 6), "2026-11-06 lies in the future"),
        ("nobody", date(2026, 11, 1), "no client 'nobody'"),
    ],
)
def test_a_baseline_that_cannot_be_is_refused(story, client_id, on, message):
    with pytest.raises(ConfigError, match=message):
        set_baseline(story.settings, client_id=client_id, on=on, name=None, now=NIGHTS[-1] + timedelta(hours=4))


def test_a_difference_from_a_day_that_is_no_baseline_says_how_to_set_it(story):
    with pytest.raises(
        ConfigError, match=r"none on 2026-11-02\. Known: 2026-11-01 \(onboarding\)\. Set it: driftline base"
    ):
        compare(story.settings, client_id="remade", on=date(2026, 11, 2))
