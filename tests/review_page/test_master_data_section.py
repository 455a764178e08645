"""What the page says of master data: rates as published, bars to scale, and the records that most hangs on."""

from __future__ import annotations

from pathlib import Path

import pytest
from driftline.review_page import render

from tests.conftest import Warehouse
from tests.review_page import review_rows
from tests.review_page.review_rows import QUARTER
from tests.review_page.test_drift_sections import SVG, charts_of, words_of


@pytest.fixture
def page(warehouse: Warehouse, tmp_path: Path) -> str:
    review_rows.publish(warehouse.url, "meltemi")
    review_rows.publish_master_data(warehouse.url, "meltemi", text="no <b>mail</b> address")
    review_rows.publish_master_data(warehouse.url, "boreas", text="somebody else's")
    return render(warehouse.settings, client_id="meltemi", quarter=QUARTER, folder=tmp_path).read_text()


def test_rules_stand_with_their_rates_and_what_cannot_be_judged_says_why(page):
    text = words_of(page, "master-data")
    assert "watch 851 of 20,024 records in use." in text
    assert "Customers that lack something Partners 4 40 10.0 % 12.5 %" in text
    assert "Two partners with one number Partners 1 90 1.1 % \N{EN DASH}" in text
    assert "1 rule without anything to judge Units without a factor: n/a, this Odoo has no uom.uom" in text
    assert "somebody else" not in page


def test_records_are_drawn_with_those_known_to_be_different_apart(page):
    wide, narrow = charts_of(page, "master-data")
    assert wide.findtext(f"{SVG}desc") == "Partners: 5 unexplained, 1 explained."
    parts = [float(part.attrib["width"]) for part in wide.iter(f"{SVG}rect")]
    assert parts[0] == pytest.approx(5 * parts[1], rel=0.05)
    assert len(list(narrow.iter(f"{SVG}rect"))) == 2


def test_listed_are_the_records_that_most_documents_hang_on_with_sums_by_currency(page):
    text = words_of(page, "master-data")
    assert (
        "res.partner,70 Customers that lack something: no &lt;b&gt;mail&lt;/b&gt; address 2026-08-31, 30 days" in text
    )
    assert "50 receivable: 1,200.50 EUR receivable: 7.00 USD sold: 3.00 EUR" in text
    assert text.count("Customers that lack something:") == 40
    assert text.index("res.partner,70") < text.index("res.partner,69")
    assert "res.partner,30 " not in text
