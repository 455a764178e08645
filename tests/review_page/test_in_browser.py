"""The page as a reader meets it: in headless Chromium, at the width of a desk and of a phone."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from driftline.review_page import render
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from tests.conftest import REPOSITORY, Warehouse
from tests.review_page import review_rows

_BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_DRIVER = shutil.which("chromedriver")
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
_REQUEST = "Network.requestWillBeSent"
_HOSTILE_LOGIN = "\"'><script>document.title='owned'</script>\N{RIGHT-TO-LEFT OVERRIDE}nimda"

pytestmark = pytest.mark.skipif(
    not (_BROWSER and _DRIVER), reason="no Chromium: apt-get install -y chromium chromium-driver, then run again"
)


@pytest.fixture
def browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[webdriver.Chrome]:
    """A browser that logs its console and every request it makes; it downloads and reports nothing itself."""
    monkeypatch.setenv("SE_AVOID_STATS", "true")
    options = webdriver.ChromeOptions()
    options.binary_location = _BROWSER or ""
    for flag in (*_FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    environment = {**os.environ, "no_proxy": "127.0.0.1,localhost"}
    driver = webdriver.Chrome(options=options, service=Service(executable_path=_DRIVER, env=environment))
    yield driver
    driver.quit()


def _full_page(warehouse: Warehouse, folder: Path) -> Path:
    review_rows.publish(warehouse.url, "meltemi")
    review_rows.publish_tickets(warehouse.url, "meltemi")
    review_rows.publish_trend(warehouse.url, "meltemi")
    review_rows.publish_modules(warehouse.url, "meltemi", ["sale", "stock", "account_<b>bold</b>"])
    review_rows.publish_users(
        warehouse.url,
        "meltemi",
        [
            {"login": "maria@example.com"},
            {"login": _HOSTILE_LOGIN, "employee_state": "archived"},
            {"login": "מרים", "employee_state": "none", "last_login_at": None},
            {"login": "portal@example.com", "user_kind": "share", "employee_state": "none"},
            {"login": "admin", "user_kind": "superuser", "employee_state": "none"},
            {"login": "left@example.com", "is_active": False, "employee_state": "archived"},
        ],
    )
    return render(warehouse.settings, client_id="meltemi", quarter=review_rows.QUARTER, folder=folder)


def _requested_urls(browser: webdriver.Chrome) -> list[str]:
    """List what was asked for since the log was last read, the browser's own start page left out."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    requests = [message["params"] for message in messages if message["method"] == _REQUEST]
    return [
        request["request"]["url"] for request in requests if not request["documentURL"].startswith(("chrome:", "data:"))
    ]


def _resize(browser: webdriver.Chrome, *, width: int) -> None:
    """Give the page exactly this width and its own full height, which a window's frame would not allow."""
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    height = browser.execute_script("return document.documentElement.scrollHeight")
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {**metrics, "height": height})


def test_a_browser_shows_the_numbers_reports_no_error_and_asks_for_nothing_from_outside(
    warehouse: Warehouse, browser: webdriver.Chrome, tmp_path: Path
) -> None:
    page = _full_page(warehouse, tmp_path / "reviews")
    browser.get(page.as_uri())

    def text_of(selector: str) -> str:
        return browser.find_element(By.CSS_SELECTOR, selector).text

    assert browser.title == "meltemi 2026Q3: quarterly review"
    assert text_of("h1") == "meltemi, 2026Q3"
    assert text_of("#kpi-ticket_trend .value") == "\N{MINUS SIGN}23.4 % year on year"
    assert text_of("#kpi-version_upgrade_age .figure") == "1,043"
    assert text_of("#kpi-version_upgrade_age .badge") == "act"
    assert "951 days (change +92 days)" in text_of("#kpi-version_upgrade_age .previous")
    assert text_of("#kpi-master_data_exception_rate .value") == "4.3 %"
    assert "2026-09-30 21:00 UTC" in text_of(".facts")
    assert "<b>Change</b> 150 148 flat 150 tickets against 148." in text_of("#tickets")
    assert "3.25 tickets in the last 13 weeks; flat, tickets per user: -2.0 %." in text_of("#tickets")
    assert _HOSTILE_LOGIN.replace("\N{RIGHT-TO-LEFT OVERRIDE}", "[U+202E]") in text_of("#access")
    assert "account_<b>bold</b>" in text_of("#upgrade")
    assert browser.get_log("browser") == []
    assert _requested_urls(browser) == [page.as_uri()]


@pytest.mark.parametrize(("width", "drawing"), [(1280, "wide"), (360, "narrow")])
def test_the_page_fits_the_screen_and_shows_the_chart_made_for_it(
    warehouse: Warehouse, browser: webdriver.Chrome, tmp_path: Path, width: int, drawing: str
) -> None:
    browser.get(_full_page(warehouse, tmp_path / "reviews").as_uri())
    _resize(browser, width=width)

    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    shown = [
        chart.get_attribute("class") for chart in browser.find_elements(By.CSS_SELECTOR, "svg") if chart.is_displayed()
    ]
    assert shown == [f"chart {drawing}"] * 2
    drawn_pixels = browser.execute_script(
        "const text = document.querySelector(arguments[0] + ' text.mark');return text.getBoundingClientRect().height",
        f".chart.{drawing}",
    )
    assert drawn_pixels >= 10

    screenshots = REPOSITORY / "build" / "screenshots"
    screenshots.mkdir(parents=True, exist_ok=True)
    name = "review.png" if width == 1280 else f"review-{width}.png"
    assert browser.save_screenshot(str(screenshots / name))
    assert (screenshots / name).stat().st_size > 20_000
