"""Data Docs show what the gate stored of a build, name nobody's values and ask no other host for anything."""

import html
import json
import re

import pytest
from driftline import quality
from driftline.errors import GateError
from driftline.quality import data_docs
from driftline.quality.suites import load_suites

from tests.conftest import REPOSITORY, Warehouse, make_settings, run_autocommit
from tests.quality import candidates
from tests.quality.candidates import BUILD_ID, NOW


@pytest.fixture(scope="module")
def site(pg_server, _warehouse_template, tmp_path_factory):
    run_autocommit(pg_server.url(), f'create database "documented" template "{_warehouse_template}"')
    url = pg_server.url("documented")
    warehouse = Warehouse(url=url, settings=make_settings(url))
    candidates.make_tables(warehouse)
    candidates.fill(warehouse, ["acme", "beta"])
    warehouse.rows(
        "update review_candidate.access_user set group_count = 5 where odoo_user_id = 7 and client_id = 'acme';"
        "delete from tickets.trend where client_id = 'beta'"
    )
    quality.check(warehouse.settings, build_id=BUILD_ID, now=NOW)
    return data_docs.render(warehouse.settings, build_id=BUILD_ID, folder=tmp_path_factory.mktemp("docs")).parent


def words(page):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.read_text())).split())


def test_every_suite_has_its_page_and_says_what_the_gate_said(site):
    pages = {page.stem: words(page) for page in (site / "validations").rglob("*.html")}
    assert set(pages) == {suite.table for suite in load_suites(REPOSITORY / "expectations")}
    failed = {name for name, text in pages.items() if "Status: Failed" in text}
    assert failed == {"review_candidate.access_user", "tickets.trend"}
    access = pages["review_candidate.access_user"]
    assert "The count of groups is that of the listed groups. (critical: groups_counted)" in access
    assert "acme: 1 rows at odoo_user_id=7 quarter=2026Q4" in access
    assert "Unsuccessful Expectations 1" in access
    assert "beta: 1 rows" in pages["tickets.trend"]


def test_the_pages_hold_no_values_and_ask_no_other_host(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 40
    for page in pages:
        text = page.read_text()
        assert "sales1@example.org" not in text
        assert re.findall(r'<(?!a\b)\w+\b[^>]*(?:src|href|action)="(?:https?:)?//[^>]*', text) == []


def test_the_command_writes_them_and_says_where(site, pg_server, tmp_path, monkeypatch):
    import driftline.cli.nights  # noqa: F401  registers the command
    from driftline.cli.app import app
    from typer.testing import CliRunner

    monkeypatch.setenv("DRIFTLINE_WAREHOUSE_URL", pg_server.url("documented"))
    monkeypatch.setenv("DRIFTLINE_HASH_SALT", "salt of the tests")
    done = CliRunner().invoke(app, ["docs", "--build", BUILD_ID, "--folder", str(tmp_path), "--json"])
    assert done.exit_code == 0, done.output
    index = tmp_path / BUILD_ID / "index.html"
    assert json.loads(done.output) == {"build_id": BUILD_ID, "index": str(index)}
    assert "review_candidate.scorecard" in words(index)


def test_a_build_that_was_not_checked_has_none(warehouse, tmp_path):
    with pytest.raises(GateError, match="build nope was not checked"):
        data_docs.render(warehouse.settings, build_id="nope", folder=tmp_path)


def test_the_oldest_go_and_the_newest_stay(tmp_path, monkeypatch):
    import os

    monkeypatch.setattr(data_docs, "_KEPT_BUILDS", 2)
    for age in (3, 1, 2):
        (tmp_path / f"build-{age}").mkdir()
        os.utime(tmp_path / f"build-{age}", (1_000 - age, 1_000 - age))
    data_docs._remove_oldest(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["build-1", "build-2"]
