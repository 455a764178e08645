"""Custom items of real Odoo servers: none on clean ones, and after an evening's edits exactly what was edited."""

from __future__ import annotations

import json

import pytest

from integration.odoo_source import FACTS

pytestmark = pytest.mark.skipif(not FACTS.is_dir(), reason="the recorded facts about Odoo are absent")


@pytest.fixture(scope="module")
def evenings(lived_evenings):
    return lived_evenings.nights


def items(evening) -> set[tuple[str, str, str]]:
    rows = evening.marts["customisation"]
    return {(row["client_id"], row["kind"], row["item"]) for row in rows if row["client_id"] in ("direct", "nineteen")}


def test_a_clean_system_has_no_custom_item(evenings):
    assert evenings[1].marts["customisation"] == []


def test_an_evening_of_edits_shows_as_what_it_was(evenings):
    edits = {edit["n"]: edit for edit in json.loads((FACTS / "17.0" / "night2-edits.json").read_text())}
    assert {edits[number]["kind"] for number in (4, 5, 6, 7, 8)} == {"customisation"}
    assert items(evenings[2]) == {
        ("direct", "field", f"{edits[4]['model']}.{edits[4]['field']}"),
        ("direct", "model", edits[5]["model"]),
        ("direct", "field", f"{edits[5]['model']}.x_name"),
        ("direct", "edited view", edits[6]["view"]),
        ("direct", "handmade view", f"res.partner.form.approval ({edits[7]['id']})"),
        ("direct", "automation", f"Escalate urgent tickets ({edits[8]['id']})"),
    }
    (code,) = (
        row for row in evenings[2].marts["customisation"]
        if (row["client_id"], row["kind"]) == ("direct", "automation")
    )  # fmt: skip
    assert code["size_unit"] == "characters"
    assert code["size"] > 0


def test_of_what_only_code_does_and_of_a_version_that_nobody_asked_no_impact_is_never_claimed(evenings):
    claims = evenings[2].marts["upgrade_impact"]
    assert len(claims) > 10
    assert not [
        row["item"] for row in claims
        if row["assessment"] == "no impact found" and (row["kind"] == "automation" or row["target_major"] == 20)
    ]  # fmt: skip
