"""What the page says of drift: figures as published, drawn to one scale, and said in words."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from driftline.review_page import render

from tests.conftest import Warehouse
from tests.review_page import review_rows
from tests.review_page.review_rows import QUARTER

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def page(warehouse: Warehouse, tmp_path: Path) -> str:
    review_rows.publish(warehouse.url, "meltemi")
    review_rows.publish_drift(warehouse.url, "meltemi")
    review_rows.publish_drift(warehouse.url, "boreas", text="somebody else's")
    return render(warehouse.settings, client_id="meltemi", quarter=QUARTER, folder=tmp_path).read_text()


def words_of(html: str, section: str) -> str:
    body = html.partition(f'<section id="{section}"')[2].partition("</section>")[0]
    return " ".join(re.sub(r"<svg.*?</svg>|<[^>]+>", " ", body, flags=re.DOTALL).split()).replace(
        "\N{NO-BREAK SPACE}", " "
    )


def charts_of(html: str, section: str) -> list[ET.Element]:
    body = html.partition(f'<section id="{section}"')[2].partition("</section>")[0]
    drawn = re.findall(r"<svg.*?</svg>", body, re.DOTALL)
    return [ET.fromstring(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ')) for svg in drawn]


def test_signals_stand_in_their_order_with_what_was_before(page):
    text = words_of(page, "signals")
    assert "act 14 traces 3 Escalation of bins." in text
    assert "watch 1 users \N{EN DASH} Exceptions of access.yml that nobody exempted: 2; judged: 17 of 19 rules." in text
    assert text.index("Workarounds") < text.index("Compliance posture")
    assert "somebody else" not in page


def test_drift_is_summed_by_area_over_its_origins(page):
    text = words_of(page, "drift")
    assert "Baseline onboarding of 2026-01-05: 8 differences" in text
    assert "access 6 2 1 Odoo core, user interface mail 0 0 0" in text


def test_bars_are_drawn_to_one_scale_and_said_in_words(page):
    wide, narrow = charts_of(page, "drift")
    parts = [(part.attrib["class"], float(part.attrib["width"])) for part in wide.iter(f"{SVG}rect")]
    assert [kind for kind, _ in parts] == ["part unexplained", "part explained"]
    assert parts[0][1] == pytest.approx(3 * parts[1][1], abs=0.2)
    assert wide.findtext(f"{SVG}desc") == "access: 6 unexplained, 2 explained; mail: 0 unexplained, 0 explained."
    assert len(list(narrow.iter(f"{SVG}rect"))) == 2
    plan, _ = charts_of(page, "upgrade")
    told = "1 large, 0 medium, 1 unknown, 0 small, 1 none"
    assert plan.findtext(f"{SVG}desc") == f"to 18.0: {told}; to 19.0: {told}."


def test_the_roadmap_says_what_is_known_and_lists_the_work_for_the_latest_version(page):
    text = words_of(page, "upgrade")
    assert "Standard support until 2026-09-30, 0 days left" in text
    assert "17.0-20240709, without the fixes of 813 days" in text
    assert "Modules newer on disk 4" in text
    assert "Upgrades planned, done n/a: nothing is planned" in text
    assert "Work for 19.0 in its order (2 items)" in text
    assert "large m: model gone" in text
    assert "unknown not assessed" in text
    assert "Work for 18.0" not in text


def test_without_rows_each_section_says_so(warehouse: Warehouse, tmp_path: Path) -> None:
    review_rows.publish(warehouse.url, "meltemi")
    html = render(warehouse.settings, client_id="meltemi", quarter=QUARTER, folder=tmp_path).read_text()
    assert "No signals are published for this client." in words_of(html, "signals")
    assert "No baseline is published for this client." in words_of(html, "drift")
    assert "No custom item stands against a later version that is released." in words_of(html, "upgrade")


def test_hostile_words_stay_words(warehouse: Warehouse, tmp_path: Path) -> None:
    hostile = "</bdi><script>alert(1)</script>"
    review_rows.publish(warehouse.url, "meltemi")
    review_rows.publish_drift(warehouse.url, "meltemi", text=hostile)
    html = render(warehouse.settings, client_id="meltemi", quarter=QUARTER, folder=tmp_path).read_text()
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(1)") == 3  # one signal, two items
