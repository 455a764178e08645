"""One `dbt build` from raw to review_candidate: registered in `ops.build`, run in process, its results kept as data.

What the numbers mean lives in `dbt_project/`. Whether they may be shown is `quality`'s question.
"""

from __future__ import annotations

import json
import logging
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from psycopg2.extensions import parse_dsn
from psycopg2.extras import execute_values

from driftline import transform_register
from driftline.catalogue import configuration_variable, load_catalogue
from driftline.coverage_reports import read_reports
from driftline.errors import BuildError, ConfigError, DriftlineError, WarehouseError
from driftline.identifiers import check_identifiers
from driftline.policies.masterdata import rules_variable
from driftline.sealing.code import hash_files, read_code
from driftline.transform_register import RegisteredBuild
from driftline.warehouse import BUILD_LOCK, Role, connect, hold_for_transaction

if TYPE_CHECKING:
    from driftline.settings import Settings

_log = logging.getLogger(__name__)

_FAILED = {"error", "fail", "runtime error", "partial success"}
_NODE_EVENTS = {"LogModelResult", "LogSeedResult", "LogSnapshotResult", "LogTestResult", "LogHookEndLine"}
_MESSAGE_LENGTH = 2000
# A build's own variables become values in SQL; which models there are and what they read depends on none of them.
_PARSED_WITH = {"build_id": "none", "as_of_at": "2000-01-01T00:00:00+00:00", "quarter": ""}

# libpq settings that a warehouse URL may carry; dbt's own profile knows only a few, the environment takes them all.
_LIBPQ_VARIABLES = {
    "hostaddr": "PGHOSTADDR",
    "sslmode": "PGSSLMODE",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslcrl": "PGSSLCRL",
    "sslcrldir": "PGSSLCRLDIR",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
    "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION",
    "channel_binding": "PGCHANNELBINDING",
    "require_auth": "PGREQUIREAUTH",
    "gssencmode": "PGGSSENCMODE",
    "krbsrvname": "PGKRBSRVNAME",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
    "options": "PGOPTIONS",
}
_PROFILE_PARTS = {"host", "port", "user", "password", "dbname"}
# They tune or name the connection and change neither whom it talks to nor how safely.
_WITHOUT_EFFECT = {"connect_timeout", "application_name", "fallback_application_name", "client_encoding"}


@dataclass(frozen=True)
class BuildReport:
    """What one build did. Counts are of dbt nodes by their outcome."""

    build_id: str
    night_id: str | None
    as_of_at: datetime
    quarter: str | None
    is_recomputation: bool
    client_count: int
    unread_client_ids: tuple[str, ...]
    model_count: int
    snapshot_count: int
    test_count: int
    warning_count: int
    elapsed_seconds: float


@dataclass(frozen=True)
class _Node:
    node_id: str
    resource_type: str
    status: str
    elapsed_seconds: float
    failing_count: int | None
    message: str

    @property
    def is_failed(self) -> bool:
        return self.status in _FAILED


def build(
    settings: Settings, *, night_id: str | None, as_of_at: datetime | None, quarter: str | None, now: datetime
) -> BuildReport:
    """Build every mart for one moment and one quarter (None: each client's current one).

    The moment is `as_of_at`, else the night's, else `now`. A moment before the last one whose history was taken is
    computed from history: nothing is added to it. Raises BuildError naming the nodes that failed, ConfigError for a
    moment, night or quarter that cannot be built.
    """
    with (
        connect(settings, role=Role.LOADER, application="driftline build lock") as guard,
        guard.cursor() as cursor,
    ):
        hold_for_transaction(cursor, BUILD_LOCK)
        registered = transform_register.register(
            settings, night_id=night_id, as_of_at=as_of_at, quarter=quarter, now=now
        )
        try:
            if not registered.is_recomputation:
                _read_reports(settings, now=now)
                _check_identifiers(settings, now=now)
            _analyze_raw(settings)
            nodes = _run_dbt(settings, registered)
            transform_register.keep_code(settings, registered.build_id, read_code(settings).sha256)
            _keep_results(settings, registered.build_id, nodes)
            _raise_for_failures(settings, registered.build_id, nodes)
        except BaseException as error:
            _fail(settings, registered.build_id, error)
            raise
        transform_register.finish(settings, registered.build_id, error_message=None)
    return _report(registered, nodes)


def _read_reports(settings: Settings, *, now: datetime) -> None:
    """Take in the test reports that were delivered since the last build."""
    try:
        reports = read_reports(settings, now=now)
    except WarehouseError:
        raise
    except DriftlineError as error:
        # A store that does not answer must not stop a night: reports read before count until they expire.
        _log.warning("test reports: %s", error)
        return
    for file in reports.refused:
        _log.warning("test reports: client '%s': %s was refused: %s", file.client_id, file.path, file.message)


def _check_identifiers(settings: Settings, *, now: datetime) -> None:
    report = check_identifiers(settings, now=now)
    if report.checked_count:
        _log.info("check digits: %s numbers looked at", report.checked_count)


def _analyze_raw(settings: Settings) -> None:
    """Refresh the statistics of what landed: planned without any, one join of a first load takes minutes."""
    with connect(settings, role=Role.LOADER) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select relid::regclass::text from pg_stat_user_tables"
            " where schemaname = 'raw' and n_mod_since_analyze > n_live_tup / 20 order by 1"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f"analyze {table}")


def _fail(settings: Settings, build_id: str, error: BaseException) -> None:
    try:
        transform_register.finish(settings, build_id, error_message=f"{type(error).__name__}: {error}")
    except WarehouseError as gone:
        # The next build finds it still running and closes it; the error that ended it is the news.
        error.add_note(f"ops.build could not be told either: {gone}")


def _report(registered: RegisteredBuild, nodes: Sequence[_Node]) -> BuildReport:
    kinds = Counter(node.resource_type for node in nodes)
    return BuildReport(
        build_id=registered.build_id,
        night_id=registered.night_id,
        as_of_at=registered.as_of_at,
        quarter=registered.quarter,
        is_recomputation=registered.is_recomputation,
        client_count=registered.client_count,
        unread_client_ids=registered.unread_client_ids,
        model_count=kinds["model"],
        snapshot_count=kinds["snapshot"],
        test_count=kinds["test"],
        warning_count=sum(node.status == "warn" for node in nodes),
        elapsed_seconds=round(sum(node.elapsed_seconds for node in nodes), 3),
    )


def _run_dbt(settings: Settings, registered: RegisteredBuild) -> list[_Node]:
    # A unit test needs no client's data: `make test` runs them, not every night.
    excluded = ["unit_test", "snapshot"] if registered.is_recomputation else ["unit_test"]
    exclusions = [word for kind in excluded for word in ("--exclude-resource-type", kind)]
    # What a build keeps of the one before it keeps only under the same code.
    variables = {**registered.variables, "code_sha256": hash_files(settings.dbt_project_folder)}
    result = run_dbt(settings, ["build", *exclusions], variables=variables)
    if result.exception is not None or result.result is None:
        raise BuildError(
            f"dbt could not run: {_first_lines(result.exception)}.",
            hint="Nothing was published. What it had done by then stands in the log above.",
        ) from None
    return [_node(item) for item in result.result.results]


def run_dbt(
    settings: Settings,
    arguments: Sequence[str],
    *,
    variables: Mapping[str, object],
    folder_name: str = "dbt",
) -> Any:
    """Run one dbt command in this process and return dbt's own result; nothing is written below the repository.

    What it writes lies in `folder_name` below the build folder: a command that is no build leaves the build's alone.
    """
    parsed = parse_project(settings, variables=variables, folder_name=folder_name)
    if not parsed.success:
        return parsed
    return _invoke(settings, arguments, variables=variables, folder_name=folder_name, manifest=parsed.result)


def parse_project(settings: Settings, *, variables: Mapping[str, object], folder_name: str = "dbt") -> Any:
    """Let dbt read the project and write its manifest; return dbt's own result.

    dbt keeps what it read, and reads everything anew whenever a variable changed, which takes longer than many models.
    A build's own variables always changed; so the project is read with others that stay the same.
    """
    return _invoke(settings, ["parse"], variables={**variables, **_PARSED_WITH}, folder_name=folder_name)


def _invoke(
    settings: Settings,
    arguments: Sequence[str],
    *,
    variables: Mapping[str, object],
    folder_name: str,
    manifest: Any = None,
) -> Any:
    from dbt.cli.main import dbtRunner

    folder = settings.build_folder / folder_name
    folder.mkdir(parents=True, exist_ok=True)
    project = str(settings.dbt_project_folder)
    options = {
        "--project-dir": project,
        "--profiles-dir": project,
        "--target-path": str(folder / "target"),
        "--log-path": str(folder / "logs"),
        "--log-level": "none",
        "--log-level-file": "none",
        "--vars": json.dumps({**variables, **declared_variables(settings)}),
    }
    flags = ["--no-send-anonymous-usage-stats", "--no-use-colors", "--no-print"]
    if manifest is not None:
        flags.append("--no-write-json")
    command = [*arguments, *flags, *(word for pair in options.items() for word in pair)]
    with _environment(_dbt_environment(settings)):
        return dbtRunner(manifest=manifest, callbacks=[_log_node]).invoke(command)


def declared_variables(settings: Settings) -> dict[str, object]:
    """Give what models are written from: the configuration models of the catalogue and the rules of master data."""
    return {
        "configuration": configuration_variable(load_catalogue()),
        "master_data": rules_variable(settings.policies_folder),
    }


def _log_node(event: Any) -> None:
    if event.info.name in _NODE_EVENTS:
        _log.info("%s", event.info.msg)


def _dbt_environment(settings: Settings) -> dict[str, str]:
    """Split the warehouse's address into what dbt's profile and libpq read from the environment."""
    parts = {name: str(value) for name, value in parse_dsn(settings.warehouse_url).items()}
    libpq = {_LIBPQ_VARIABLES[name]: value for name, value in parts.items() if name in _LIBPQ_VARIABLES}
    ignorable = _PROFILE_PARTS | set(_LIBPQ_VARIABLES) | _WITHOUT_EFFECT
    for name in parts:
        if name not in ignorable and not name.startswith(("keepalives", "tcp_")):
            raise ConfigError(
                f"warehouse address: dbt cannot be given the setting '{name}'.",
                hint="Take it out of DRIFTLINE_WAREHOUSE_URL or set its libpq environment variable.",
            )
    return {
        **libpq,
        "PGTZ": "UTC",
        "DRIFTLINE_DBT_HOST": parts.get("host", ""),
        "DRIFTLINE_DBT_PORT": parts.get("port", "5432"),
        "DRIFTLINE_DBT_USER": parts.get("user", ""),
        "DRIFTLINE_DBT_DATABASE": parts.get("dbname", ""),
        # dbt blanks the values of variables of this prefix wherever it prints.
        "DBT_ENV_SECRET_DRIFTLINE_PASSWORD": parts.get("password", ""),
    }


@contextmanager
def _environment(additions: Mapping[str, str]) -> Iterator[None]:
    # dbt takes a password from the environment only; it stays there no longer than dbt runs.
    before = {name: os.environ.get(name) for name in additions}
    os.environ.update(additions)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _node(item: Any) -> _Node:
    return _Node(
        node_id=item.node.unique_id,
        resource_type=str(getattr(item.node.resource_type, "value", item.node.resource_type)),
        status=str(getattr(item.status, "value", item.status)),
        elapsed_seconds=float(item.execution_time or 0),
        failing_count=item.failures,
        message=str(item.message or "")[:_MESSAGE_LENGTH],
    )


def _keep_results(settings: Settings, build_id: str, nodes: Sequence[_Node]) -> None:
    rows = [
        (
            build_id,
            node.node_id,
            node.resource_type,
            node.status,
            node.elapsed_seconds,
            node.failing_count,
            node.message,
        )
        for node in nodes
    ]
    with connect(settings, role=Role.LOADER) as connection, connection.cursor() as cursor:
        execute_values(
            cursor,
            "insert into ops.dbt_result"
            " (build_id, node_id, resource_type, status, elapsed_seconds, failing_count, message) values %s",
            rows,
        )


def _raise_for_failures(settings: Settings, build_id: str, nodes: Sequence[_Node]) -> None:
    failed = [node for node in nodes if node.is_failed]
    if not failed and nodes:
        return
    skipped = sum(node.status == "skipped" for node in nodes)
    named = "; ".join(f"{node.node_id} ({node.status}: {_first_lines(node.message)})" for node in failed[:5])
    more = f" and {len(failed) - 5} more" if len(failed) > 5 else ""
    raise BuildError(
        f"dbt: {len(failed)} of {len(nodes)} nodes failed and {skipped} were skipped after them: {named}{more}."
        if nodes
        else "dbt found nothing to build.",
        hint="Nothing was published. Look closer: select node_id, status, failing_count, message from ops.dbt_result"
        f" where build_id = '{build_id}' and status not in ('success', 'pass'); the SQL as it ran lies in"
        f" {settings.build_folder / 'dbt' / 'target' / 'run'}",
    )


def _first_lines(text: object, count: int = 3) -> str:
    lines = [line.strip() for line in str(text or "no message").splitlines() if line.strip()]
    return " ".join(lines[:count])[:400].rstrip(".")
