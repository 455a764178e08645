"""Data Docs of one checked build: Great Expectations' own pages, made from what the gate stored, after the gate.

Nothing is evaluated again, so that the pages show what was decided. They hold counts, clients and keys, never values,
and refer to nothing on the network.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftline.errors import GateError
from driftline.quality.gate import ALL_CLIENTS
from driftline.quality.suites import Expectation, Suite, load_suites
from driftline.warehouse import Role, connect

if TYPE_CHECKING:
    from driftline.settings import Settings

_KEPT_BUILDS = 30
_NAMED_CLIENTS = 20

# Styles, scripts and a logo from other hosts, and a form for a newsletter.
_FOREIGN = re.compile(
    r'<link\b[^>]*href="https?://[^>]*>|<script\b[^>]*src="https?://[^>]*>\s*</script>|<img\b[^>]*src="https?://[^>]*>'
    r"|<footer\b.*?</footer>",
    re.DOTALL,
)
_STYLE = (
    "<style>body{font-family:sans-serif;margin:2rem}table{border-collapse:collapse}td,th{border:1px solid #ccc;"
    "padding:.3rem .6rem;text-align:left;vertical-align:top}.collapse:not(.show){display:block}</style></head>"
)


@dataclass(frozen=True)
class _Stored:
    client_id: str
    is_passed: bool
    observed: str
    keys: Sequence[Mapping[str, Any]]
    waived_by: str | None
    checked_at: datetime


def render(settings: Settings, *, build_id: str, folder: Path | None = None) -> Path:
    """Write the pages of one checked build and return their index; earlier builds' are kept, the oldest removed.

    An expectation that was declared since stands among the suites only. Raises GateError for a build that was not
    checked.
    """
    stored = _read(settings, build_id)
    suites = load_suites(settings.expectations_folder)
    home = folder or settings.build_folder / "data_docs"
    site = home / re.sub(r"[^\w.-]", "_", build_id)
    shutil.rmtree(site, ignore_errors=True)
    context = _context(site)
    for suite in suites:
        _add(context, suite, stored, build_id)
    context.build_data_docs()
    for page in site.rglob("*.html"):
        text = _FOREIGN.sub("", page.read_text(encoding="utf-8"))
        page.write_text(text.replace("</head>", _STYLE, 1), encoding="utf-8")
    if folder is None:
        _remove_oldest(home)
    return site / "index.html"


def _read(settings: Settings, build_id: str) -> dict[tuple[str, str], list[_Stored]]:
    with (
        connect(settings, role=Role.TRANSFORMER, application="driftline docs") as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "select suite, expectation, client_id, is_passed, observed, failing_keys, waived_by, checked_at"
            " from quality.check_result where build_id = %s order by 1, 2, 3",
            (build_id,),
        )
        found: dict[tuple[str, str], list[_Stored]] = {}
        for suite, expectation, *rest in cursor.fetchall():
            found.setdefault((suite, expectation), []).append(_Stored(*rest))
    if not found:
        raise GateError(
            f"build {build_id} was not checked: there is nothing to show.",
            hint=f"Run: driftline check --build {build_id}",
        )
    return found


def _context(site: Path) -> Any:
    import great_expectations as gx
    import great_expectations.expectations
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    return gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            data_docs_sites={
                "build": {
                    "class_name": "SiteBuilder",
                    "show_how_to_buttons": False,
                    "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(site)},
                    "site_index_builder": {"class_name": "DefaultSiteIndexBuilder", "show_cta_footer": False},
                }
            },
        ),
    )


def _add(context: Any, suite: Suite, stored: Mapping[tuple[str, str], Sequence[_Stored]], build_id: str) -> None:
    from great_expectations import ExpectationSuite
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    configurations = {item.id: _configuration(item) for item in suite.expectations}
    context.suites.add(ExpectationSuite(name=suite.table, expectations=list(configurations.values())))
    known = {item.id: stored[suite.table, item.id] for item in suite.expectations if (suite.table, item.id) in stored}
    if not known:
        return
    results = [_result(configurations[name], said) for name, said in known.items()]
    passed_count = sum(1 for item in results if item.success)
    run = RunIdentifier(run_name=build_id, run_time=next(iter(known.values()))[0].checked_at)
    context.validation_results_store.set(
        ValidationResultIdentifier(
            expectation_suite_identifier=ExpectationSuiteIdentifier(name=suite.table),
            run_id=run,
            batch_identifier=suite.table,
        ),
        ExpectationSuiteValidationResult(
            success=passed_count == len(results),
            results=results,
            suite_name=suite.table,
            statistics={
                "evaluated_expectations": len(results),
                "successful_expectations": passed_count,
                "unsuccessful_expectations": len(results) - passed_count,
                "success_percent": 100.0 * passed_count / len(results),
            },
            meta={"run_id": run, "active_batch_definition": {"data_asset_name": suite.table}},
        ),
    )


def _configuration(declared: Expectation) -> Any:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    return ExpectationConfiguration(
        type=declared.type,
        kwargs=declared.kwargs,
        meta={"id": declared.id},
        description=f"{declared.notes} ({declared.severity}: {declared.id})",
        severity=declared.severity,
    )


def _result(configuration: Any, said: Sequence[_Stored]) -> Any:
    from great_expectations.core import ExpectationValidationResult

    return ExpectationValidationResult(
        success=all(item.is_passed for item in said),
        expectation_config=configuration,
        result={"observed_value": _in_words(said)},
        exception_info={"raised_exception": False, "exception_message": None, "exception_traceback": None},
        meta={},
    )


def _in_words(said: Sequence[_Stored]) -> str:
    failed = [item for item in said if not item.is_passed]
    if not failed:
        return said[0].observed
    more = len(failed) - _NAMED_CLIENTS
    return "; ".join(map(_of_client, failed[:_NAMED_CLIENTS])) + (f"; and {more} more clients" if more > 0 else "")


def _of_client(item: _Stored) -> str:
    who = "all clients" if item.client_id == ALL_CLIENTS else item.client_id
    keys = ", ".join(" ".join(f"{name}={value}" for name, value in sorted(key.items())) for key in item.keys)
    waiver = f", waived by {item.waived_by}" if item.waived_by else ""
    return f"{who}: {item.observed}{f' at {keys}' if keys else ''}{waiver}"


def _remove_oldest(home: Path) -> None:
    sites = sorted((path for path in home.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for site in sites[:-_KEPT_BUILDS]:
        shutil.rmtree(site, ignore_errors=True)
