"""coverage.py's JSON, and the log of an Odoo server that ran its tests."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NoReturn

from driftline.coverage_reports.facts import Facts, LineCount, TestCount, believable_rate
from driftline.errors import ReportError

_MAX_LINES = 100_000_000
# 2026-11-20 10:11:12,345 4711 INFO database odoo.addons.sale.tests.test_sale: Starting TestSale.test_confirm ...
_LOG_LINE = re.compile(
    r"(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d{3} \d+ (?P<level>[A-Z]+) \S+ (?P<logger>[\w.]+): (?P<text>.*)"
)
_STARTED = re.compile(r"Starting (\S+)")
_FAILED = re.compile(r"(?:FAIL|ERROR): (?:Subtest )?(\S+)")
_SKIPPED = re.compile(r"skipped (\S+)")


def parse_coverage_json(content: bytes) -> Facts:
    """Read `coverage json`'s output; raise ReportError for anything else."""
    try:
        report = json.loads(content, parse_constant=_refuse_constant)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ReportError(f"it is not JSON: {error}.") from None
    except RecursionError:
        raise ReportError("it is nested too deeply; it is no report.") from None
    files = report.get("files") if isinstance(report, dict) else None
    if not isinstance(files, dict) or not files:
        raise ReportError("it has no 'files'; expected the output of `coverage json`.")
    _check_share("totals", _part(report, "totals", "the report"))
    for path, part in files.items():
        _check_share(path, _part(part, "summary", path))
    lines = {path: _lines(path, _part(part, "summary", path)) for path, part in files.items()}
    return Facts("coverage.py", _made_at(report), lines=lines)


def parse_odoo_log(lines: Iterable[str]) -> Facts:
    """Read a server's log: which tests of which module began, failed and were skipped.

    A test counts once, whatever its subtests do. Raises ReportError where no test began.
    """
    outcomes: defaultdict[str, dict[str, str]] = defaultdict(dict)
    last_at = ""
    for line in lines:
        match = _LOG_LINE.match(line)
        if match is None:
            continue
        last_at = max(last_at, match["at"])
        tests = outcomes[match["logger"]] if ".tests." in f"{match['logger']}." else {}
        if started := _STARTED.match(match["text"]):
            tests.setdefault(started[1], "run")
        elif failed := _FAILED.match(match["text"]):
            tests[failed[1]] = "failed"
        elif skipped := _SKIPPED.match(match["text"]):
            tests[skipped[1]] = "skipped"
    counts = {logger: _outcomes(tests.values()) for logger, tests in outcomes.items() if tests}
    if not counts:
        raise ReportError("no test began in it; expected the log of an Odoo server run with --test-enable.")
    return Facts("odoo log", datetime.fromisoformat(last_at).replace(tzinfo=UTC), tests=counts)


def _outcomes(outcomes: Iterable[str]) -> TestCount:
    listed = list(outcomes)
    return TestCount(len(listed), listed.count("failed"), listed.count("skipped"))


def _refuse_constant(name: str) -> NoReturn:
    raise ReportError(f"it contains {name}, which is no number.")


def _part(value: Any, key: str, where: str) -> dict[str, Any]:
    part = value.get(key, {}) if isinstance(value, dict) else None
    if not isinstance(part, dict):
        raise ReportError(f"'{where}' has no '{key}' as `coverage json` writes it.")
    return part


def _check_share(where: str, summary: dict[str, Any]) -> None:
    share = summary.get("percent_covered", 0)
    if isinstance(share, bool) or not isinstance(share, int | float):
        raise ReportError(f"'{where}' says {str(share)[:40]!r} where a share belongs.")
    believable_rate(str(share / 100), what=f"'{where}'")


def _lines(path: str, summary: dict[str, Any]) -> LineCount:
    covered, total = summary.get("covered_lines"), summary.get("num_statements")
    if type(covered) is not int or type(total) is not int:
        raise ReportError(f"'{path}' has no covered_lines and num_statements.")
    if not 0 <= covered <= total < _MAX_LINES:
        raise ReportError(f"'{path}' claims {covered} covered lines of {total}.")
    return LineCount(covered, total)


def _made_at(report: dict[str, Any]) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(_part(report, "meta", "meta").get("timestamp")))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
