"""Four nights over three evenings of a real Odoo 17.0: what was done in it is found, once, and nothing else is."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from conftest import run_sql
from driftline import transform

from integration.odoo_source import FACTS
from integration.real_evenings import NIGHTS

pytestmark = pytest.mark.skipif(not FACTS.is_dir(), reason="the recorded facts about Odoo are absent")

EXPECTED = yaml.safe_load((Path(__file__).parent / "real_findings.yml").read_text())


@pytest.fixture(scope="module")
def evenings(lived_evenings):
    return lived_evenings.settings


def test_over_the_network_the_later_evenings_were_read_by_what_was_written(evenings):
    modes = dict(
        run_sql(
            evenings.warehouse_url,
            "select night_id, count(*) filter (where mode = 'incremental') from ops.extract_run"
            " where client_id = 'network' group by 1",
        )
    )
    # Some models have their turn of a full reading on some of the evenings, and which depends on the day.
    assert modes.pop("night 1") == 0
    assert len(modes) == 3
    assert all(count > 20 for count in modes.values()), modes


def test_the_servers_build_counts_for_the_client_that_was_read_over_the_network_only(evenings):
    rows = run_sql(
        evenings.warehouse_url,
        "select client_id, build, build_age_days, newer_on_disk_count, build_reason <> '', newer_on_disk_reason <> ''"
        " from drift.version_currency where client_id in ('direct', 'network') order by 1",
    )
    # From 9 July 2024 to 26 November 2026.
    assert rows == [("direct", None, None, None, True, True), ("network", "17.0-20240709", 870, 0, False, False)]


def expected(which: str) -> Counter[tuple[str, str, str]]:
    return Counter((row["kind"], row["entity"], row.get("key") or row["name"]) for row in EXPECTED[which])


def found(settings, which: str, client_id: str) -> Counter[tuple[str, str, str]]:
    query = "select kind, entity, entity_key, what from drift.config_change where client_id = %s and seen_at = %s"
    parameters: tuple[object, ...] = (client_id, NIGHTS[int(which[-1])]) if which != "net" else ()
    if which == "net":
        query = "select kind, entity, entity_key, what from drift.baseline_difference where client_id = %s"
        parameters = (client_id,)
    named = ("ir.module.module", "ir.config_parameter")
    rows = run_sql(settings.warehouse_url, query, *parameters)
    return Counter((kind, entity, what if entity in named else key) for kind, entity, key, what in rows)


@pytest.mark.parametrize(("which", "count"), [("night_2", 24), ("night_3", 10), ("net", 25)])
def test_every_edit_is_found_once_and_nothing_else_is(evenings, which, count):
    assert sum(expected(which).values()) == count
    assert found(evenings, which, "direct") == expected(which)


@pytest.mark.parametrize("client_id", ["direct", "network"])
def test_precision_and_recall_are_printed_and_complete(evenings, client_id, capsys):
    for which in ("night_2", "night_3", "net"):
        wanted, given = expected(which), found(evenings, which, client_id)
        hits = sum((wanted & given).values())
        precision, recall = 100 * hits / sum(given.values()), 100 * hits / sum(wanted.values())
        with capsys.disabled():
            print(f"\n{client_id} {which}: {sum(given.values())} findings, precision {precision:.1f} %,"
                  f" recall {recall:.1f} %; missing {dict(wanted - given)}, extra {dict(given - wanted)}")  # fmt: skip
        assert (precision, recall) == (100, 100)


def test_the_same_data_give_no_finding_against_themselves(evenings):
    rows = run_sql(
        evenings.warehouse_url, "select count(*) from drift.config_change where client_id = 'direct' and seen_at = %s",
        NIGHTS[4],
    )  # fmt: skip
    assert rows == [(0,)]
    rows = run_sql(evenings.warehouse_url, "select count(*) from drift.config_change where client_id = 'nineteen'")
    assert rows == [(0,)]
    watched = run_sql(
        evenings.warehouse_url, "select count(*) from snapshots.configuration where client_id = 'nineteen'"
    )
    assert watched[0][0] > 4000


def test_a_module_takes_its_rows_and_its_dependants_along(evenings):
    rows = run_sql(
        evenings.warehouse_url,
        "select kind, what, evidence_count, origin, before_value, after_value from drift.config_change"
        " where client_id = 'direct' and area = 'modules' order by seen_at, what",
    )
    installed = "latest_version: 17.0.1.0, state: installed"
    assert rows == [
        ("uninstalled", "hr_org_chart", 7, "module operation", installed, "state: uninstalled"),
        ("installed", "maintenance", 66, "module operation", "state: uninstalled", installed),
        ("uninstalled", "maintenance", 66, "module operation", installed, "state: uninstalled"),
    ]


def test_what_an_edit_was_and_whose_it_is_can_be_read_off(evenings):
    rows = run_sql(
        evenings.warehouse_url,
        "select entity, before_value, after_value, changed_by, origin, survives_update, changed_at"
        " from drift.config_change where client_id = 'direct' and (entity, entity_key) in"
        " (('account.tax', '1'), ('ir.model.access', '399'), ('ir.cron', '1')) order by entity",
    )
    # Moments and values as the server has them; whether an update overwrites the record says ir_model_data.noupdate.
    assert [row[:6] for row in rows] == [
        ("account.tax", "amount: 15", "amount: 16", "admin", "Odoo core", True),
        ("ir.cron", "interval_number: 1", "interval_number: 6", "admin", "Odoo core", False),
        ("ir.model.access", "perm_unlink: false", "perm_unlink: true", "admin", "OCA", False),
    ]
    assert rows[0][6] == datetime(2026, 11, 22, 2, 30, 33, 978095, tzinfo=UTC)


def test_a_stamp_that_people_moved_without_a_change_is_kept_apart(evenings):
    rows = run_sql(
        evenings.warehouse_url,
        "select entity, entity_key, touched_by from drift.config_touched"
        " where client_id = 'direct' and seen_at = '2026-11-24 02:00+00' order by 1, 2",
    )
    # Edits 15 to 17 wrote to a user and two groups; the module upgrade's hundreds of stamps are the system's.
    assert rows == [("res.groups", "36", "admin"), ("res.groups", "71", "admin"), ("res.users", "6", "admin")]


def test_no_secret_reaches_a_mart(evenings):
    secret = run_sql(
        evenings.warehouse_url,
        "select after_value from drift.config_change where client_id = 'direct'"
        " and what = 'payment_gateway.api_secret_key'",
    )
    assert "value: sha256:" in secret[0][0]
    for table in ("snapshots.configuration", "drift.config_change", "drift.baseline_difference"):
        assert run_sql(evenings.warehouse_url, f"select count(*) from {table} t where t::text like '%CANARY%'") == [
            (0,)
        ]


def test_a_past_night_computed_again_gives_the_same_findings(evenings):
    before = run_sql(
        evenings.warehouse_url,
        "select to_jsonb(c) - 'as_of_at' from drift.config_change c where seen_at <= '2026-11-25 02:00+00' order by 1",
    )
    assert len(before) > 60
    transform.build(
        evenings, night_id=None, as_of_at=NIGHTS[3], quarter=None,
        now=datetime(2026, 11, 27, tzinfo=UTC),
    )  # fmt: skip
    again = run_sql(evenings.warehouse_url, "select to_jsonb(c) - 'as_of_at' from drift.config_change c order by 1")
    assert again == before


@pytest.mark.parametrize("client_id", ["direct", "network"])
def test_wrong_master_data_of_an_evening_is_found_and_nothing_else_is(evenings, client_id):
    rows = run_sql(
        evenings.warehouse_url,
        "select rule, record_id, other_record_id, detail from masterdata.exception"
        " where client_id = %s and since_at = '2026-11-24 02:00+00' and since_basis = 'seen' order by 1, 2",
        client_id,
    )
    # Edit 25: a company entered twice; 26: a supplier without anything; 27's vendor has no more. None has a country.
    lacks = "no country, no VAT number, no mail address"
    assert rows == [
        *(("company_without_country", number, None, "no country") for number in (50205, 50206, 50207, 50208)),
        ("partner_same_email", 50206, 50205, "looks like res.partner,50205"),
        ("partner_same_vat", 50206, 50205, "looks like res.partner,50205"),
        ("supplier_gap", 50207, None, lacks),
        ("supplier_gap", 50208, None, lacks),
    ]
    later = run_sql(
        evenings.warehouse_url,
        "select count(*) from masterdata.exception where client_id = %s and since_at > '2026-11-24 02:00+00'",
        client_id,
    )
    assert later == [(0,)]


@pytest.mark.parametrize(("client_id", "dump"), [("direct", 4), ("nineteen", None)])
def test_records_in_use_are_those_that_the_real_server_has(evenings, pg_server, client_id, dump):
    url = pg_server.url(f"evenings_17_{dump}" if dump else "evenings_19")
    for table in ("res_partner", "product_template", "product_product", "uom_uom", "account_tax", "hr_employee"):
        ((in_use, archived),) = run_sql(
            evenings.warehouse_url,
            "select looked_at_count, (select count(distinct record_id) from masterdata.exception e"
            " where (e.client_id, e.model) = (r.client_id, r.model) and not e.is_in_use) from masterdata.rate r"
            " where client_id = %s and model = %s and rule = ''",
            client_id, table.replace("_", "."),
        )  # fmt: skip
        assert in_use - archived == run_sql(url, f"select count(*) from {table} where active")[0][0] > 0
