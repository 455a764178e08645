"""What the page says, from rows in a real warehouse, and what it does when there are none."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from driftline.errors import ConfigError, NotPublishedError
from driftline.review_page import render

from tests.conftest import Warehouse
from tests.review_page import review_rows
from tests.review_page.review_rows import AS_OF_AT, QUARTER

_INLINE = {"span", "bdi", "strong"}
SVG = "{http://www.w3.org/2000/svg}"


class _Document(HTMLParser):
    """The page's elements in order, and its text, style left out."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._text: list[str] = []
        self._is_style = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._is_style = tag == "style"
        self._text.append("" if tag in _INLINE else " ")

    def handle_endtag(self, tag: str) -> None:
        self._is_style = False
        self._text.append("" if tag in _INLINE else " ")

    def handle_data(self, data: str) -> None:
        if not self._is_style:
            self._text.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self._text).split())

    def tags(self, *names: str) -> list[str]:
        return [tag for tag, _ in self.elements if tag in names]


def _render(warehouse: Warehouse, folder: Path, client_id: str = "meltemi") -> tuple[str, _Document]:
    html = render(warehouse.settings, client_id=client_id, quarter=QUARTER, folder=folder).read_text(encoding="utf-8")
    return html, _Document(html)


def test_the_file_is_named_after_client_and_quarter_and_replaces_an_older_one(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    review_rows.publish(warehouse.url, "meltemi")
    folder = tmp_path / "not" / "there" / "yet"
    first = render(warehouse.settings, client_id="meltemi", quarter=QUARTER, folder=folder)
    old = first.read_bytes()
    warehouse.rows("update review.scorecard set value = 1044 where kpi = 'version_upgrade_age'")
    second = render(warehouse.settings, client_id="meltemi", quarter=QUARTER, folder=folder)

    assert first == second == folder / "meltemi-2026Q3.html"
    assert b"1,043" in old
    assert b"1,044" in second.read_bytes()
    assert [path.name for path in folder.iterdir()] == ["meltemi-2026Q3.html"]
    assert first.stat().st_mode & 0o777 == 0o644


def test_the_same_rows_give_the_same_bytes(warehouse: Warehouse, tmp_path: Path) -> None:
    review_rows.publish(warehouse.url, "meltemi")
    review_rows.publish_tickets(warehouse.url, "meltemi")
    assert _render(warehouse, tmp_path / "a")[0] == _render(warehouse, tmp_path / "b")[0]


def test_the_six_numbers_stand_in_their_fixed_order(warehouse: Warehouse, tmp_path: Path) -> None:
    review_rows.publish(warehouse.url, "meltemi")
    _, document = _render(warehouse, tmp_path)
    cards = [attributes["id"] for tag, attributes in document.elements if tag == "li" and "id" in attributes]
    assert cards == [
        "kpi-ticket_trend",
        "kpi-customisation_test_coverage",
        "kpi-version_upgrade_age",
        "kpi-optimisation_throughput",
        "kpi-master_data_exception_rate",
        "kpi-audit_prep_effort",
    ]


def test_a_number_that_was_not_published_says_so_and_a_further_one_is_shown(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    review_rows.publish(warehouse.url, "meltemi")
    warehouse.rows("delete from review.scorecard where kpi = 'audit_prep_effort'")
    warehouse.rows(
        "update review.scorecard set kpi = 'review_calls', unit = 'calls_a_month', value = 2, verdict = 'good'"
        " where kpi = 'optimisation_throughput'"
    )
    text = _render(warehouse, tmp_path)[1].text
    assert text.count("Not part of this publication.") == 2
    assert "Review calls good 2.0 calls a month" in text


def test_a_page_shows_one_client_and_one_quarter_only(warehouse: Warehouse, tmp_path: Path) -> None:
    neighbours = [("boreas", QUARTER), ("zephyr", QUARTER), ("meltemi", "2026Q2"), ("meltemi", "2026Q4")]
    for client_id, quarter in [("meltemi", QUARTER), *neighbours]:
        whose = f"of_{client_id}_{quarter}"
        review_rows.publish(warehouse.url, client_id, quarter=quarter, reason=f"reason_{whose}")
        review_rows.publish_modules(warehouse.url, client_id, [f"module_{whose}"], quarter=quarter)
        review_rows.publish_users(warehouse.url, client_id, [{"login": f"user_{whose}"}], quarter=quarter)
    html, document = _render(warehouse, tmp_path)

    assert set(re.findall(r"(\w+)_of_(\w+)_(\w+)", html)) == {
        (thing, "meltemi", QUARTER) for thing in ("Reason", "module", "user")
    }
    assert document.text.count("build-17") == 1


def test_a_quarter_that_was_never_published_is_refused_with_what_there_is(warehouse: Warehouse, tmp_path: Path) -> None:
    review_rows.publish(warehouse.url, "meltemi", quarter="2026Q2")
    with pytest.raises(NotPublishedError) as error:
        render(warehouse.settings, client_id="meltemi", quarter="2026Q3", folder=tmp_path)
    assert str(error.value) == (
        "client 'meltemi': quarter 2026Q3 is not published. Published for this client: 2026Q2. Look: driftline status"
    )
    assert error.value.exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_a_quarter_that_the_gate_held_back_is_refused_with_the_gates_reason(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    review_rows.insert(
        warehouse.url,
        "publication",
        [
            {
                "client_id": "meltemi",
                "quarter": QUARTER,
                "build_id": "build-18",
                "is_published": False,
                "reason": "tickets: two rows for one week",
                "as_of_at": AS_OF_AT,
                "published_at": datetime(2026, 10, 1, 4, 12, tzinfo=UTC),
            }
        ],
    )
    with pytest.raises(NotPublishedError, match="gate was closed on 2026-10-01 04:12 UTC: tickets: two rows"):
        render(warehouse.settings, client_id="meltemi", quarter=QUARTER, folder=tmp_path)


@pytest.mark.parametrize("quarter", ["2026-Q3", "2026Q5", "Q3", "2026Q3\n", "../2026Q3"])
def test_a_quarter_that_is_not_one_is_a_usage_error(warehouse: Warehouse, tmp_path: Path, quarter: str) -> None:
    with pytest.raises(ConfigError, match="is not a quarter"):
        render(warehouse.settings, client_id="meltemi", quarter=quarter, folder=tmp_path)


def test_a_client_id_cannot_lead_out_of_the_folder(warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not make a file name"):
        render(warehouse.settings, client_id="../meltemi", quarter=QUARTER, folder=tmp_path)


def test_a_folder_that_is_a_file_is_a_clear_error(warehouse: Warehouse, tmp_path: Path) -> None:
    review_rows.publish(warehouse.url, "meltemi")
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"meltemi-2026Q3\.html: cannot be written"):
        render(warehouse.settings, client_id="meltemi", quarter=QUARTER, folder=tmp_path / "file")


def test_stale_numbers_say_since_when_and_why(warehouse: Warehouse, tmp_path: Path) -> None:
    review_rows.publish(
        warehouse.url,
        "meltemi",
        is_stale=True,
        stale_since_at=datetime(2026, 10, 2, 4, 0, tzinfo=UTC),
        stale_reason="access: 3 users without a kind",
    )
    text = _render(warehouse, tmp_path)[1].text
    assert "Stale since 2026-10-02 04:00 UTC." in text
    assert "held back. Access: 3 users without a kind." in text


def test_fresh_numbers_carry_no_banner(warehouse: Warehouse, tmp_path: Path) -> None:
    review_rows.publish(warehouse.url, "meltemi")
    html, document = _render(warehouse, tmp_path)
    assert 'class="notice' not in html
    assert "Completeness 100.00 % Quarter complete" in document.text


def test_a_running_quarter_and_unproven_completeness_are_said(warehouse: Warehouse, tmp_path: Path) -> None:
    review_rows.publish(warehouse.url, "meltemi", is_quarter_complete=False, completeness_pct=None)
    text = _render(warehouse, tmp_path)[1].text
    assert "Completeness not proven Quarter in progress" in text
    assert "The quarter is still running: its numbers reach to 2026-09-30 21:00 UTC" in text


def test_completeness_is_that_of_the_weakest_number_and_does_not_round_up_to_complete(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    review_rows.publish(warehouse.url, "meltemi")
    warehouse.rows("update review.scorecard set completeness_pct = 99.9999 where kpi = 'ticket_trend'")
    assert "Completeness 99.99 %" in _render(warehouse, tmp_path)[1].text


def test_an_empty_client_gets_a_whole_page_that_says_what_is_missing(warehouse: Warehouse, tmp_path: Path) -> None:
    review_rows.publish(warehouse.url, "meltemi")
    text = _render(warehouse, tmp_path)[1].text
    assert text.count("n/a: not measured yet.") == 5
    assert "No tickets are published for this client." in text
    assert "No change was seen." in text
    assert "No users are published for this client." in text


def test_users_who_left_come_first_among_those_to_look_at(warehouse: Warehouse, tmp_path: Path) -> None:
    users = [
        {"login": "steady"},
        {"login": "dormant", "last_login_at": AS_OF_AT - timedelta(days=91)},
        {"login": "just-within", "last_login_at": AS_OF_AT - timedelta(days=90)},
        {"login": "never", "last_login_at": None, "employee_state": "none"},
        {"login": "left", "employee_state": "archived"},
        {"login": "left-and-locked", "employee_state": "archived", "is_active": False},
        {"login": "unknown-state", "employee_state": "n/a"},
        {"login": "portal", "user_kind": "share", "employee_state": "none", "last_login_at": None},
        {"login": "root", "user_kind": "superuser", "employee_state": "none", "last_login_at": None},
    ]
    review_rows.publish(warehouse.url, "meltemi")
    review_rows.publish_users(warehouse.url, "meltemi", users)
    text = _render(warehouse, tmp_path)[1].text

    assert "Internal 7 6 1 1 1 Portal and public 1 1 0 0 1 Superuser 1 1 0 0 1" in text
    findings = text[text.index("to look at (3)") : text.index("All users (9)")]
    assert re.findall(r"\b(left|never|dormant|steady|just-within|portal|root)\b", findings) == [
        "left",
        "never",
        "dormant",
    ]
    assert "no login for 91 days" in findings
    assert "no employee no login on record" in findings


def test_hostile_text_stays_text(warehouse: Warehouse, tmp_path: Path) -> None:
    hostile = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}&amp;\N{RIGHT-TO-LEFT OVERRIDE}\x07"
    shown = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}&amp;[U+202E][U+0007]"
    review_rows.publish(warehouse.url, "meltemi", reason=hostile, is_stale=True, stale_reason=hostile)
    review_rows.publish_modules(warehouse.url, "meltemi", [hostile])
    review_rows.publish_users(warehouse.url, "meltemi", [{"login": hostile, "group_names": [hostile, hostile]}])
    warehouse.rows("update review.publication set build_id = %s", hostile)
    html, document = _render(warehouse, tmp_path)

    # The reason in six cards and three sections; then banner, module, login, two groups, build.
    assert document.text.count(shown) == 15
    assert document.tags("script", "img", "iframe", "link", "object", "base") == []
    assert not any(name.startswith("on") for _, attributes in document.elements for name in attributes)
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in html
    assert "\x07" not in html


def test_names_written_from_right_to_left_keep_their_letters(warehouse: Warehouse, tmp_path: Path) -> None:
    review_rows.publish(warehouse.url, "meltemi")
    review_rows.publish_users(warehouse.url, "meltemi", [{"login": "מרים.כהן"}, {"login": "مريم"}])
    html, _ = _render(warehouse, tmp_path)
    assert "<bdi>מרים.כהן</bdi>" in html
    assert "<bdi>مريم</bdi>" in html


def test_the_policy_forbids_everything_but_the_pages_own_style(warehouse: Warehouse, tmp_path: Path) -> None:
    review_rows.publish(warehouse.url, "meltemi")
    review_rows.publish_tickets(warehouse.url, "meltemi")
    html, document = _render(warehouse, tmp_path)
    policy = next(
        attributes["content"]
        for tag, attributes in document.elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert html.index("Content-Security-Policy") < html.index("<style>")
    addresses = {
        value
        for _, attributes in document.elements
        for name, value in attributes.items()
        if name in {"href", "src", "xlink:href", "action"}
    }
    assert addresses
    assert all(address and address.startswith("#") for address in addresses)
    assert "url(" not in style
    assert "@import" not in style


def test_the_page_can_be_read_without_seeing_it(warehouse: Warehouse, tmp_path: Path) -> None:
    review_rows.publish(warehouse.url, "meltemi")
    review_rows.publish_tickets(warehouse.url, "meltemi")
    review_rows.publish_modules(warehouse.url, "meltemi", ["sale"])
    review_rows.publish_users(warehouse.url, "meltemi", [{"login": "maria", "employee_state": "archived"}])
    _, document = _render(warehouse, tmp_path)

    headings = [int(tag[1]) for tag in document.tags("h1", "h2", "h3", "h4")]
    assert headings.count(1) == 1
    assert headings[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(headings))
    assert next(attributes for tag, attributes in document.elements if tag == "html") == {"lang": "en"}
    cells = [attributes for tag, attributes in document.elements if tag == "th"]
    assert len(cells) > 20
    assert all(cell.get("scope") in {"col", "row"} for cell in cells)
    ids = [attributes["id"] for _, attributes in document.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {attributes["href"] for tag, attributes in document.elements if tag == "a"}
    assert links <= {f"#{name}" for name in ids}
    labels = " ".join(attributes.get("aria-labelledby") or "" for _, attributes in document.elements).split()
    assert labels
    assert set(labels) <= set(ids)


def test_the_chart_draws_every_week_to_scale_and_says_it_in_words(warehouse: Warehouse, tmp_path: Path) -> None:
    review_rows.publish(warehouse.url, "meltemi")
    weeks = review_rows.publish_tickets(warehouse.url, "meltemi")
    html, _ = _render(warehouse, tmp_path)
    (wide, narrow) = (ET.fromstring(text) for text in re.findall(r"<svg.*?</svg>", _with_namespace(html), re.DOTALL))

    bars = [bar for bar in wide.iter(f"{SVG}rect") if "opened" in bar.attrib["class"]]
    assert len(bars) == len(weeks) == review_rows.WEEK_COUNT
    heights = [float(bar.attrib["height"]) for bar in bars]
    scale = heights[0] / weeks[0]["opened_count"]
    assert heights == pytest.approx([week["opened_count"] * scale for week in weeks], abs=0.2)
    assert [bar.attrib["class"] for bar in bars[-2:]] == ["opened", "opened partial"]
    assert len(list(narrow.iter(f"{SVG}rect"))) == 53

    opened = sum(week["opened_count"] for week in weeks)
    peak = max(weeks, key=lambda week: week["backlog_count"])
    description = wide.findtext(f"{SVG}desc") or ""
    assert description.startswith("105 weeks from 2024W41 to 2026W41. ")
    assert f"Opened: {opened:,} in all" in description
    assert f"highest {peak['backlog_count']} in {peak['period']}." in description


@pytest.mark.parametrize("count", [0, 1, 250_000])
def test_a_single_week_can_be_drawn_whatever_its_size(warehouse: Warehouse, tmp_path: Path, count: int) -> None:
    review_rows.publish(warehouse.url, "meltemi")
    review_rows.publish_tickets(warehouse.url, "meltemi")
    warehouse.rows("delete from review.ticket_flow where period_kind = 'quarter' or period <> '2026W39'")
    warehouse.rows(
        "update review.ticket_flow set opened_count = %s, closed_count = 0, backlog_count = %s", count, count
    )
    html, _ = _render(warehouse, tmp_path)
    chart = ET.fromstring(re.findall(r"<svg.*?</svg>", _with_namespace(html), re.DOTALL)[0])
    numbers = [
        float(value)
        for element in chart.iter()
        for name, value in element.attrib.items()
        if name in {"x", "y", "width", "height", "x1", "x2", "y1", "y2", "cx", "cy"}
    ]
    assert len(numbers) > 20
    assert all(0 <= value <= 1040 for value in numbers)
    assert f"Opened: {count:,} in all" in (chart.findtext(f"{SVG}desc") or "")


def _with_namespace(html: str) -> str:
    """Inline SVG needs no namespace in HTML; an XML parser does."""
    return html.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ')


def test_two_years_are_drawn_to_scale_beside_the_interval_of_their_change(warehouse: Warehouse, tmp_path: Path) -> None:
    review_rows.publish(warehouse.url, "meltemi")
    weeks = review_rows.publish_tickets(warehouse.url, "meltemi")
    review_rows.publish_trend(warehouse.url, "meltemi")
    html, _ = _render(warehouse, tmp_path)
    drawings = [ET.fromstring(text) for text in re.findall(r"<svg.*?</svg>", _with_namespace(html), re.DOTALL)]
    assert [drawing.attrib["class"] for drawing in drawings] == ["chart wide", "chart narrow"] * 2

    opened = [week["opened_count"] for week in weeks if week["is_period_complete"]]
    sums = [sum(opened[start : start + 4]) for start in range(0, 104, 4)]
    for drawing in drawings[2:]:
        lines = {line.attrib["class"]: line.attrib["points"].split() for line in drawing.iter(f"{SVG}polyline")}
        heights = {kind: [float(point.split(",")[1]) for point in points[::2]] for kind, points in lines.items()}
        zero = 24 + 130
        scale = (zero - heights["line earlier"][0]) / sums[0]
        assert heights["line earlier"] == pytest.approx([zero - count * scale for count in sums[:13]], abs=0.2)
        assert heights["line recent"] == pytest.approx([zero - count * scale for count in sums[13:]], abs=0.2)
        (zone,) = [bar for bar in drawing.iter(f"{SVG}rect") if bar.attrib["class"] == "flat-zone"]
        (interval,) = [line for line in drawing.iter(f"{SVG}line") if line.attrib["class"] == "interval"]
        (change,) = [dot for dot in drawing.iter(f"{SVG}circle") if dot.attrib["class"] == "change"]
        per_pct = float(zone.attrib["width"]) / 40
        middle = float(zone.attrib["x"]) + 20 * per_pct
        drawn = [float(it) for it in (interval.attrib["x1"], change.attrib["cx"], interval.attrib["x2"])]
        assert drawn == pytest.approx([middle + pct * per_pct for pct in (-31.0, -23.4, -15.2)], abs=0.2)
        assert f"{sums[0]} then {sums[13]}" in (drawing.findtext(f"{SVG}desc") or "")


def test_where_nothing_was_compared_no_comparison_is_drawn(warehouse: Warehouse, tmp_path: Path) -> None:
    review_rows.publish(warehouse.url, "meltemi")
    review_rows.publish_tickets(warehouse.url, "meltemi")
    review_rows.publish_trend(warehouse.url, "meltemi")
    warehouse.rows("update review.ticket_trend set change_low_pct = null, trend = 'not proven', reason = 'too short'")
    html, _ = _render(warehouse, tmp_path)
    assert html.count("<svg") == 2
    assert "Two years compared" not in html


def test_response_targets_and_drivers_are_written_as_published(warehouse: Warehouse, tmp_path: Path) -> None:
    review_rows.publish(warehouse.url, "meltemi")
    review_rows.publish_tickets(warehouse.url, "meltemi")
    review_rows.publish_service(warehouse.url, "meltemi")
    html, _ = _render(warehouse, tmp_path)
    rows = {
        re.sub("<[^>]*>", "", cells[0]): [re.sub("<[^>]*>", "", cell) for cell in cells[1:]]
        for row in re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
        if len(cells := re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)) in (6, 9)
    }
    assert rows["2026Q3"] == ["1.2 h", "6.5 h", "9.0 h", "1,234.5 h", "91.0 %", "83.4 %", "37.5 %", "4"]
    assert rows["2026Q2"] == ["–"] * 7 + ["0"]
    assert rows["&lt;b&gt;Fault&lt;/b&gt;"] == ["1,200", "80.0 %", "40.0 %", "declining", "12.5"]
    assert rows["Wish"] == ["300", "20.0 %", "–", "not proven", "n/a"]
    assert "Open now: 25; the client's Odoo itself counts 26." in html
