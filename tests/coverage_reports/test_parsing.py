"""Reports as their tools write them are counted as those tools count; what cannot be believed is refused in words."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from driftline.coverage_reports import parse
from driftline.coverage_reports.facts import Facts, LineCount, TestCount
from driftline.coverage_reports.modules import assign, module_of
from driftline.errors import ReportError

NOW = datetime(2026, 11, 25, 2, tzinfo=UTC)

MODULE = """\
def discount(total):
    if total > 100:
        return total * 0.9
    return total


def never_called():
    return 1
"""
TESTS = """\
import unittest
from addons.acme_extras.models import sale


class TestSale(unittest.TestCase):
    def test_high(self):
        assert sale.discount(200) == 180

    def test_low(self):
        assert sale.discount(10) == 11

    @unittest.skip("later")
    def test_later(self):
        pass
"""


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What coverage.py and pytest themselves write about one module with a failing and a skipped test."""
    folder = tmp_path_factory.mktemp("ci")
    models, tests = folder / "addons" / "acme_extras" / "models", folder / "addons" / "acme_extras" / "tests"
    for path in (models, tests):
        path.mkdir(parents=True)
        (path / "__init__.py").touch()
    (models / "sale.py").write_text(MODULE)
    (tests / "test_sale.py").write_text(TESTS)
    for path in (folder / "addons", folder / "addons" / "acme_extras"):
        (path / "__init__.py").touch()
    coverage = [sys.executable, "-m", "coverage"]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    run = ["run", "--source=addons", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml=junit.xml", "addons"]
    for command in (run, ["xml", "-o", "cobertura.xml"], ["json", "-o", "coverage.json"]):
        subprocess.run([*coverage, *command], cwd=folder, env=environment, check=False, capture_output=True)
    return folder


def read(folder: Path, name: str) -> Facts:
    return parse(name, (folder / name).read_bytes())


@pytest.mark.parametrize(("name", "kind"), [("cobertura.xml", "cobertura"), ("coverage.json", "coverage.py")])
def test_lines_are_counted_as_coverage_py_counts_them(delivered, name, kind):
    facts = read(delivered, name)
    totals = json.loads((delivered / "coverage.json").read_text())["totals"]
    (report,), message = assign(facts, {"acme_extras", "sale"})
    assert (facts.kind, report.module, message) == (kind, "acme_extras", "")
    assert report.lines == LineCount(totals["covered_lines"], totals["num_statements"])
    assert 0 < totals["covered_lines"] < totals["num_statements"]
    sale = next(count for path, count in facts.lines.items() if path.endswith("models/sale.py"))
    assert sale == LineCount(5, 6)
    assert abs((facts.reported_at - datetime.now(UTC)).total_seconds()) < 86_400 * 2


def test_tests_are_counted_as_pytest_counts_them(delivered):
    (report,), _ = assign(read(delivered, "junit.xml"), {"acme_extras"})
    assert report.tests == TestCount(run=3, failed=1, skipped=1)
    assert report.lines is None


LOG = """\
2026-11-20 10:11:11,001 4711 INFO acme odoo.modules.loading: loading 1 modules...
2026-11-20 10:11:12,345 4711 INFO acme odoo.addons.acme_extras.tests.test_sale: Starting TestSale.test_high ...
2026-11-20 10:11:13,345 4711 INFO acme odoo.addons.acme_extras.tests.test_sale: Starting TestSale.test_low ...
2026-11-20 10:11:13,400 4711 ERROR acme odoo.addons.acme_extras.tests.test_sale: FAIL: Subtest TestSale.test_low (x=1)
Traceback (most recent call last):
AssertionError: 2026-11-20 odoo.addons.acme_extras.tests.test_sale: FAIL: TestSale.quoted
2026-11-20 10:11:13,401 4711 ERROR acme odoo.addons.acme_extras.tests.test_sale: FAIL: Subtest TestSale.test_low (x=2)
2026-11-20 10:11:14,345 4711 INFO acme odoo.addons.acme_extras.tests.test_sale: Starting TestSale.test_later ...
2026-11-20 10:11:14,346 4711 INFO acme odoo.addons.acme_extras.tests.test_sale: skipped TestSale.test_later : later
2026-11-20 10:11:15,345 4711 INFO acme odoo.addons.acme_fleet.tests.test_car: Starting TestCar.test_wheels ...
2026-11-20 10:11:15,500 4711 ERROR acme odoo.addons.acme_fleet.tests.test_car: ERROR: setUpClass (odoo.addons.x)
2026-11-20 10:12:16,345 4711 WARNING acme odoo.addons.acme_fleet.models.car: Starting the engine
2026-11-20 10:12:17,345 4711 ERROR acme odoo.tests.result: 1 failed, 1 error(s) of 4 tests when loading database 'acme'
"""


def test_a_servers_log_counts_each_test_once_whatever_its_subtests_do():
    facts = parse("odoo.log", LOG.encode())
    assert facts.reported_at == datetime(2026, 11, 20, 10, 12, 17, tzinfo=UTC)
    reports, message = assign(facts, {"acme_extras", "acme_fleet"})
    assert {report.module: report.tests for report in reports} == {
        "acme_extras": TestCount(run=3, failed=1, skipped=1),
        "acme_fleet": TestCount(run=2, failed=1, skipped=0),
    }
    assert message == ""


def test_cobertura_unites_classes_of_a_file_and_leaves_out_the_lines_of_methods():
    text = """<?xml version="1.0"?>
      <!DOCTYPE coverage SYSTEM "http://cobertura.invalid/xml/coverage-04.dtd">
      <coverage line-rate="0.5" timestamp="1763632800"><sources><source>/ci/acme_extras</source></sources><packages>
      <package name="m" line-rate="1"><classes>
      <class name="A" filename="models/a.py" line-rate="0.66">
        <methods><method name="f"><lines><line number="77" hits="9"/></lines></method></methods>
        <lines><line number="1" hits="0"/><line number="2" hits="3"/></lines></class>
      <class name="B" filename="models/a.py">
        <lines><line number="1" hits="2"/><line number="3" hits="0"/></lines></class>
      <class name="C" filename="models/empty.py"><lines/></class>
      </classes></package></packages></coverage>"""
    facts = parse("report.xml", text.encode())
    assert facts.lines == {
        "/ci/acme_extras/models/a.py": LineCount(2, 3),
        "/ci/acme_extras/models/empty.py": LineCount(0, 0),
    }
    assert facts.reported_at == datetime(2025, 11, 20, 10, tzinfo=UTC)


STEPS = zip("abcdefgh", "bcdefghi", strict=True)
ENTITIES = "".join(f"<!ENTITY {name} '{f'&{before};' * 10}'>" for before, name in STEPS)
BOMB = f"<!DOCTYPE coverage [<!ENTITY a '{'ha' * 50}'>{ENTITIES}]><coverage><packages>&i;</packages></coverage>"
OUTSIDE = '<!DOCTYPE coverage [<!ENTITY x SYSTEM "file:///etc/passwd">]><coverage><source>&x;</source></coverage>'
COBERTURA = '<coverage {}><packages><package name="p"><classes><class filename="m/a.py" {}><lines>{}</lines></class></classes></package></packages></coverage>'  # noqa: E501  one element


def json_report(**summary: object) -> str:
    known = {"covered_lines": 1, "num_statements": 2, "percent_covered": 50.0}
    return json.dumps({"meta": {}, "files": {"m/a.py": {"summary": {**known, **summary}}}, "totals": {}})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.xml", "Coverage: 87 %", "not well-formed XML"),
        ("a.xml", "<coverage><packages>", "not well-formed XML"),
        ("a.xml", "\0\1\2", "not well-formed XML"),
        ("a.xml", "  \n", "it is empty"),
        ("a.xml", "<html><body>502 Bad Gateway</body></html>", "its root is <html>; expected <coverage> (Cobertura)"),
        ("a.xml", "<coverage><project/></coverage>", "it names no source file"),
        ("a.xml", "<testsuites/>", "it has no <testcase>"),
        ("a.xml", BOMB, "it declares entities"),
        ("a.xml", OUTSIDE, "it declares entities"),
        ("a.xml", "<coverage>" + "<a>" * 100_000, "more than 64 deep"),
        ("a.xml", COBERTURA.format('line-rate="1.4"', "", ""), "<coverage> claims 140 %"),
        ("a.xml", COBERTURA.format("", 'name="A" line-rate="-0.1"', ""), "<class A> claims -10 %"),
        ("a.xml", COBERTURA.format('line-rate="NaN"', "", ""), "claims nan %"),
        ("a.xml", COBERTURA.format('line-rate="most"', "", ""), "is 'most', which is no number"),
        ("a.xml", COBERTURA.format('lines-covered="14" lines-valid="10"', "", ""), "claims 14 covered lines of 10"),
        ("a.xml", COBERTURA.format("", "", '<line number="1" hits="-3"/>'), "'hits' is '-3', which is no count"),
        ("a.xml", '<testsuite tests="2" failures="2" errors="1"><testcase/></testsuite>', "3 failed or skipped"),
        ("a.json", "{", "it is not JSON"),
        ("a.json", "[" * 200_000, "it is nested too deeply"),
        ("a.json", '{"files": {}}', "it has no 'files'"),
        ("a.json", '["files"]', "it has no 'files'"),
        ("a.json", json_report(percent_covered=140), "'m/a.py' claims 140 %"),
        ("a.json", json_report(percent_covered=float("nan")), "it contains NaN"),
        ("a.json", json_report(percent_covered="all"), "says 'all' where a share belongs"),
        ("a.json", json_report(covered_lines=3), "claims 3 covered lines of 2"),
        ("a.json", json_report(num_statements=10**30), "claims 1 covered lines of 10"),
        ("a.json", json_report(covered_lines=None), "has no covered_lines"),
        ("a.log", "nothing was tested", "no test began in it"),
        ("a.html", "<html/>", "it ends in '.html'; expected .xml, .json or .log"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else None,
)  # fmt: skip
def test_what_cannot_be_believed_is_refused_in_words(name, content, message):
    with pytest.raises(ReportError) as raised:
        parse(name, content.encode())
    assert message in str(raised.value)
    assert "root:" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("addons/acme_extras/models/sale/order.py", "acme_extras"),
        ("/builds/sale/addons/acme_extras/models/sale.py", "acme_extras"),
        ("C:\\ci\\acme_extras\\models\\sale.py", "acme_extras"),
        ("odoo.addons.acme_extras.tests.test_sale.TestSale", "acme_extras"),
        ("addons.acme_extras.tests.test_sale", "acme_extras"),
        ("acme_extras/__manifest__.py", "acme_extras"),
        ("addons/acme_extras_old/models/a.py", None),
        ("odoo/tools/misc.py", None),
    ],
)
def test_a_name_belongs_to_the_first_known_module_behind_addons(name, module):
    assert module_of(name, {"acme_extras", "sale"}) == module


def test_names_of_unknown_modules_are_told_and_a_report_of_nothing_else_is_refused():
    lines = {f"addons/other_{number}/a.py": LineCount(1, 2) for number in range(5)}
    reports, message = assign(Facts("cobertura", lines={**lines, "addons/sale/a.py": LineCount(1, 3)}), {"sale"})
    assert [(report.module, report.lines) for report in reports] == [("sale", LineCount(1, 3))]
    assert message.startswith("it names what belongs to no module of this client: 'addons/other_0/a.py', ")
    assert message.endswith(" and 2 more")
    with pytest.raises(ReportError, match="belongs to no module of this client"):
        assign(Facts("cobertura", lines=lines), {"sale"})


def test_no_entity_is_fetched_and_no_memory_taken(monkeypatch):
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("something was opened")

    monkeypatch.setattr("urllib.request.urlopen", forbidden)
    monkeypatch.setattr("builtins.open", forbidden)
    for text in (BOMB, OUTSIDE, '<!DOCTYPE coverage SYSTEM "http://x.invalid/y.dtd"><coverage/>'):
        with pytest.raises(ReportError):
            parse("a.xml", io.BytesIO(text.encode()).getvalue())
