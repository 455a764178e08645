"""Custom items of real Odoo servers: none on clean ones, and after an evening's edits exactly what was edited."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from driftline import transform

from integration.odoo_source import FACTS, load_dump
from integration.test_real_odoo import run_night

pytestmark = pytest.mark.skipif(not FACTS.is_dir(), reason="the recorded facts about Odoo are absent")

NOW = datetime(2026, 11, 25, 3, tzinfo=UTC)


def items(warehouse) -> set[tuple]:
    return set(warehouse.rows("select client_id, kind, item from drift.customisation"))


def test_a_clean_system_has_no_custom_item_and_an_evening_of_edits_shows_as_what_it_was(
    warehouse, registry_file, new_database
):
    warehouse = registry_file(warehouse, real17={"odoo_version": "17.0"}, real19={"odoo_version": "19.0"})
    for version in ("17", "19"):
        source = new_database(f"odoo{version}")
        load_dump(source, FACTS / f"{version}.0" / "demo-data.sql.gz")
        run_night(warehouse, source, 23 if version == "17" else 24, client_id=f"real{version}")
    transform.build(warehouse.settings, night_id="night 24", as_of_at=None, quarter=None, now=NOW)
    assert items(warehouse) == set()

    edited = new_database("odoo17")
    load_dump(edited, FACTS / "17.0" / "demo-data-night2.sql.gz")
    run_night(warehouse, edited, 25, client_id="real17")
    transform.build(warehouse.settings, night_id="night 25", as_of_at=None, quarter=None, now=NOW)
    edits = {edit["n"]: edit for edit in json.loads((FACTS / "17.0" / "night2-edits.json").read_text())}
    assert {edits[number]["kind"] for number in (4, 5, 6, 7, 8)} == {"customisation"}
    assert items(warehouse) == {
        ("real17", "field", f"{edits[4]['model']}.{edits[4]['field']}"),
        ("real17", "model", edits[5]["model"]),
        ("real17", "field", f"{edits[5]['model']}.x_name"),
        ("real17", "edited view", edits[6]["view"]),
        ("real17", "handmade view", f"res.partner.form.approval ({edits[7]['id']})"),
        ("real17", "automation", f"Escalate urgent tickets ({edits[8]['id']})"),
    }
    code = warehouse.rows("select size_unit, size > 0 from drift.customisation where kind = 'automation'")
    assert code == [("characters", True)]
    # Of what only code does, and of a version that nobody asked, no impact is never claimed.
    claims = warehouse.rows(
        "select item from drift.upgrade_impact where assessment = 'no impact found'"
        " and (kind = 'automation' or target_major = 20)"
    )
    assert claims == []
