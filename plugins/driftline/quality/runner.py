"""Great Expectations at work: one context, one data source, one batch per suite, everything pushed down into SQL.

Only yes and no leave this module, with counts: GX's own lists of failing rows are cut at 200 and hold values.
Great Expectations takes seconds to import, so nothing here is imported before a check runs.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from psycopg2.extensions import parse_dsn

from driftline.errors import ConfigError, WarehouseError
from driftline.quality.suites import ROW_RULE, Expectation, Suite, suggest
from driftline.warehouse import Role

if TYPE_CHECKING:
    from driftline.settings import Settings

# Fields of every GX expectation that say how it runs, not what it asks.
_NOT_ARGUMENTS = {
    "id", "meta", "notes", "severity", "description", "rendered_content", "result_format", "catch_exceptions",
    "batch_id", "windows", "mostly",
}  # fmt: skip
_UNREACHABLE = re.compile(
    r"psycopg2\.(OperationalError|InterfaceError|errors\.(AdminShutdown|CrashShutdown|CannotConnectNow))"
)
_WHOLE_TABLE = "all"
_AGAIN = "Nothing was decided; run the checks again."
_SQL_ERROR = re.compile(r"\(psycopg2\.errors\.(\w+)\) (.*)")


@dataclass(frozen=True)
class Outcome:
    """What one expectation said of its whole table; `failing_query` selects the failing rows, if it is about rows."""

    suite: Suite
    expectation: Expectation
    is_passed: bool
    observed: str
    expected: str
    failing_query: str | None
    suite_elapsed_seconds: float


def run(settings: Settings, suites: tuple[Suite, ...], *, build_id: str) -> list[Outcome]:
    """Run all suites; raise ConfigError for what GX does not know and WarehouseError when the warehouse goes away.

    An expectation that cannot be evaluated, say because its table has another shape, counts as failed.
    """
    built = [(suite, [_build(suite_expectation) for suite_expectation in suite.expectations]) for suite in suites]
    with _open_source(settings, suites, build_id=build_id) as source:
        return [outcome for suite, expectations in built for outcome in _run_suite(source, suite, expectations)]


def _build(declared: Expectation) -> Any:
    """Make GX's object. GX drops what it does not know with one log line; here it is refused."""
    import great_expectations.expectations  # noqa: F401  registers the types
    from great_expectations.compatibility.pydantic import ValidationError
    from great_expectations.exceptions import ExpectationNotFoundError
    from great_expectations.expectations.registry import (
        get_expectation_impl,
        list_registered_expectation_implementations,
    )

    try:
        implementation = get_expectation_impl(declared.type)
    except ExpectationNotFoundError:
        known = list_registered_expectation_implementations()
        raise ConfigError(
            f"{declared.where}: unknown expectation type '{declared.type}'.", hint=suggest(declared.type, known)
        ) from None
    arguments = sorted(set(implementation.__fields__) - _NOT_ARGUMENTS)
    for name in declared.kwargs:
        if name not in arguments:
            raise ConfigError(f"{declared.where}: unknown argument '{name}'.", hint=suggest(name, arguments))
    try:
        return implementation(
            **declared.kwargs, severity=declared.severity, notes=declared.notes, meta={"id": declared.id}
        )
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise ConfigError(f"{declared.where}: {problems}.") from None


@contextmanager
def _open_source(settings: Settings, suites: tuple[Suite, ...], *, build_id: str) -> Iterator[Any]:
    import great_expectations as gx
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )
    from great_expectations.datasource.fluent.interfaces import TestConnectionError
    from great_expectations.datasource.fluent.sql_datasource import TableAsset

    context = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        ),
        # GX shows a data source with its address; with the address in the environment it shows the name instead.
        runtime_environment={"warehouse_url": _sqlalchemy_url(settings, build_id=build_id)},
    )
    # All tables at once: each that is added later makes GX write down the whole context again.
    assets = [
        TableAsset(
            name=suite.table,
            type="table",
            schema_name=suite.table.split(".")[0],
            table_name=suite.table.split(".")[1],
            batch_definitions=[BatchDefinition(name=_WHOLE_TABLE)],
        )
        for suite in suites
    ]
    source = context.data_sources.add_postgres(
        "warehouse",
        connection_string="${warehouse_url}",
        assets=assets,
        kwargs={"isolation_level": "AUTOCOMMIT"},  # nothing is written, and each question is one statement
    )
    try:
        yield source
    except TestConnectionError as error:
        # The tables were there a moment ago.
        raise WarehouseError("the warehouse went away during the checks.", hint=_AGAIN) from error
    finally:
        # GX keeps two pools of connections open until the process ends.
        source.get_execution_engine().close()
        source.get_engine().dispose()


def _sqlalchemy_url(settings: Settings, *, build_id: str) -> str:
    parts = {name: str(value) for name, value in parse_dsn(settings.warehouse_url).items()}
    host = parts.pop("host", "")
    if not host or host.startswith("/"):
        raise ConfigError(
            "DRIFTLINE_WAREHOUSE_URL: Great Expectations reaches PostgreSQL over TCP only.",
            hint="Give a host name or address, not a socket folder.",
        )
    user, password = quote(parts.pop("user", ""), safe=""), quote(parts.pop("password", ""), safe="")
    port, name = parts.pop("port", "5432"), quote(parts.pop("dbname", ""), safe="")
    session = {
        "role": Role.TRANSFORMER.value,
        "default_transaction_read_only": "on",
        "TimeZone": "UTC",
        "driftline.build_id": build_id,
    }
    # libpq splits `options` at blanks and reads a backslash as an escape.
    values = {key: re.sub(r"([\\\s])", r"\\\1", value) for key, value in session.items()}
    parts["options"] = " ".join(f"-c {key}={value}" for key, value in values.items())
    parts["application_name"] = "driftline check"
    address = f"[{host}]" if ":" in host else host
    login = f"{user}:{password}@" if password else f"{user}@"
    return f"postgresql+psycopg2://{login}{address}:{port}/{name}?{urlencode(parts, quote_via=quote)}"


def _run_suite(source: Any, suite: Suite, expectations: list[Any]) -> list[Outcome]:
    from great_expectations import ExpectationSuite

    started = time.monotonic()
    batch = source.get_asset(suite.table).get_batch_definition(_WHOLE_TABLE).get_batch()
    gx_suite = ExpectationSuite(name=suite.table, expectations=expectations)
    results = {
        result.expectation_config.meta["id"]: result
        for result in batch.validate(gx_suite, result_format="BASIC").results
    }
    if not expectations or not len(results) == len(gx_suite.expectations) == len(suite.expectations):
        raise ConfigError(f"{suite.where}: {len(suite.expectations)} expectations declared, {len(results)} evaluated.")
    queries = {
        expectation.id: _failing_query(batch, suite, expectation, gx_expectation)
        for expectation, gx_expectation in zip(suite.expectations, expectations, strict=True)
        if not results[expectation.id].success and not _problem(results[expectation.id])
    }
    elapsed = time.monotonic() - started
    return [_outcome(suite, item, results[item.id], queries.get(item.id), elapsed) for item in suite.expectations]


def _outcome(
    suite: Suite, expectation: Expectation, result: Any, failing_query: str | None, suite_elapsed_seconds: float
) -> Outcome:
    expected = "no rows" if expectation.type == ROW_RULE else json.dumps(expectation.kwargs, default=str)
    observed = _problem(result)
    if not observed:
        # Counts of rows and names of columns; every other observation may hold a client's values.
        value = result.result.get("observed_value")
        is_of_the_table = expectation.type.startswith("expect_table_")
        count = value if expectation.type == ROW_RULE else result.result.get("unexpected_count", 0)
        observed = str(value) if is_of_the_table else f"{count} rows"
    return Outcome(
        suite=suite,
        expectation=expectation,
        is_passed=bool(result.success),
        observed=observed,
        expected=expected,
        failing_query=failing_query,
        suite_elapsed_seconds=suite_elapsed_seconds,
    )


def _problem(result: Any) -> str:
    """Say why an expectation could not be evaluated; empty where it could."""
    information = result.exception_info or {}
    entries = [information] if "raised_exception" in information else list(information.values())
    for entry in entries:
        if entry.get("raised_exception"):
            return _in_words(str(entry.get("exception_message")))
    return ""


def _in_words(message: str) -> str:
    if _UNREACHABLE.search(message):
        raise WarehouseError("the warehouse went away during the checks.", hint=_AGAIN)
    if match := _SQL_ERROR.search(message):
        # Of the others, PostgreSQL quotes the offending value.
        detail = f": {match[2]}" if match[1].startswith(("Undefined", "Insufficient")) else ""
        return f"could not be evaluated: {match[1]}{detail}"
    return f"could not be evaluated: {message.splitlines()[0].removeprefix('Error: ')}"


def _failing_query(batch: Any, suite: Suite, expectation: Expectation, gx_expectation: Any) -> str | None:
    """Give SQL for the failing rows; None where the expectation speaks of the table as a whole."""
    if expectation.type == ROW_RULE:
        # GX's own substitution: a query with a join names its batch itself, any other gets a name.
        name = "" if re.search(r"\bjoin\b", expectation.query, re.IGNORECASE) else " as subselect"
        return (
            expectation.query.replace("{batch}", f"(select * from {suite.table}){name}")
            .replace("{{", "{")
            .replace("}}", "}")
        )
    if expectation.type.startswith("expect_table_"):
        return None
    result = batch.validate(
        gx_expectation,
        result_format={
            "result_format": "COMPLETE",
            "unexpected_index_column_names": list(suite.key),
            "exclude_unexpected_values": True,
            "return_unexpected_index_query": True,
        },
    )
    query = result.result.get("unexpected_index_query")
    if not query:
        raise ConfigError(
            f"{expectation.where}: {expectation.type} does not say which clients fail.",
            hint=f"Write it as {ROW_RULE}, which selects client_id and key columns.",
        )
    return str(query).rstrip().rstrip(";")
