"""The gate: run the suites of `expectations/` over one build and decide, client by client, whether it may be published.

`check` is the one call. `suites` reads the declarations, `runner` asks Great Expectations, `gate` decides and stores;
`waivers` and `voiding` say which failures close nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from driftline.errors import ConfigError, GateError
from driftline.policies.waivers import load_waivers
from driftline.quality import gate, runner, voiding, waivers
from driftline.quality.suites import Suite, load_suites, suggest
from driftline.registry import load_registry
from driftline.warehouse import BUILD_LOCK, Role, connect, hold_for_transaction

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from driftline.settings import Settings

__all__ = ["CheckReport", "check"]


@dataclass(frozen=True)
class CheckReport:
    """What a check said. Counts are of expectations, by severity; a failed one failed for at least one client.

    `voided_kpis` are published as n/a: they failed a check of their own, which costs the client nothing else.
    """

    build_id: str
    passed: Mapping[str, int]
    failed: Mapping[str, int]
    open_clients: tuple[str, ...]
    closed_clients: Mapping[str, str]
    voided_kpis: Mapping[str, tuple[str, ...]]
    elapsed_seconds: float

    @property
    def has_failures(self) -> bool:
        return bool(self.closed_clients) or any(self.failed.values())


def check(settings: Settings, *, build_id: str, now: datetime) -> CheckReport:
    """Run every suite over one succeeded build, store each result, open or close each client's gate.

    Raises GateError when there is no such build to check, ConfigError when a suite is not what it should be. A rule
    that says no raises nothing: it closes gates.
    """
    started = time.monotonic()
    suites = load_suites(settings.expectations_folder)
    registry = load_registry(settings.clients_file)
    exempt = load_waivers(settings.policies_folder, registry)
    waivers.refuse_forbidden(exempt, suites, where=str(settings.policies_folder / "waivers.yml"))
    with (
        connect(settings, role=Role.LOADER, application="driftline check") as connection,
        connection.cursor() as cursor,
    ):
        # No build may replace the candidates while they are being judged.
        hold_for_transaction(cursor, BUILD_LOCK, is_shared=True)
        clients = _clients(cursor, build_id)
        results = _judge(settings, suites, build_id=build_id)
        results, judged = waivers.judge(exempt, results, registry, now=now)
        voided = voiding.voided(results)
        counting = [result for result in results if not result.waived_by and not voiding.is_voiding(result)]
        reasons = gate.reasons_to_close(clients, counting)
        gate.store(cursor, build_id=build_id, clients=clients, results=results, reasons=reasons, now=now)
        waivers.store(cursor, judged, build_id=build_id)
        voiding.store(cursor, voided, build_id=build_id)
    return _report(build_id, clients, results, reasons, voided, elapsed_seconds=time.monotonic() - started)


def _clients(cursor: Cursor, build_id: str) -> list[gate.BuildClient]:
    cursor.execute("select state from ops.build where build_id = %s", (build_id,))
    row = cursor.fetchone()
    if row is None or row[0] != "succeeded":
        state = f"is '{row[0]}'" if row else "is unknown"
        raise GateError(
            f"build {build_id} {state}; only a build that succeeded is checked.", hint="Run: driftline build"
        )
    cursor.execute(
        "select client_id, is_read, reason, case when quarter is null then 'nightly' else 'quarterly' end"
        " from ops.build_client join ops.build using (build_id) where build_id = %s order by client_id",
        (build_id,),
    )
    return [gate.BuildClient(*row) for row in cursor.fetchall()]


def _judge(settings: Settings, suites: tuple[Suite, ...], *, build_id: str) -> list[gate.Result]:
    with connect(settings, role=Role.TRANSFORMER, application="driftline check") as connection:
        connection.set_session(readonly=True)
        with connection.cursor() as cursor:
            cursor.execute("select set_config('driftline.build_id', %s, false)", (build_id,))
            _refuse_unknown_tables(cursor, suites)
            outcomes = runner.run(settings, suites, build_id=build_id)
            return gate.results_of(cursor, outcomes)


def _refuse_unknown_tables(cursor: Cursor, suites: tuple[Suite, ...]) -> None:
    cursor.execute(
        "select format('%s.%s', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where c.relkind in ('r', 'v', 'm', 'p') and n.nspname !~ '^(pg_|information_schema)'"
    )
    known = [name for (name,) in cursor.fetchall()]
    for suite in suites:
        if suite.table not in known:
            raise ConfigError(
                f"{suite.where}:1: the warehouse has no table '{suite.table}'.", hint=suggest(suite.table, known)
            )
    checked = {suite.table for suite in suites}
    for name in sorted(known):
        schema, table = name.split(".", 1)
        if schema == "review_candidate" and f"review.{table}" in known and name not in checked:
            folder = Path(suites[0].where).parent
            raise ConfigError(f"{folder}: no suite {name}.yml: the table would be published unchecked.")


def _report(
    build_id: str,
    clients: list[gate.BuildClient],
    results: list[gate.Result],
    reasons: Mapping[str, str],
    voided: voiding.Voided,
    *,
    elapsed_seconds: float,
) -> CheckReport:
    severities = {(item.suite, item.expectation): item.severity for item in results}
    failed = {(item.suite, item.expectation) for item in results if not item.is_passed}
    counts = {
        is_failed: {
            severity: sum(1 for key, value in severities.items() if value == severity and (key in failed) is is_failed)
            for severity in ("critical", "warning")
        }
        for is_failed in (True, False)
    }
    return CheckReport(
        build_id=build_id,
        passed=counts[False],
        failed=counts[True],
        open_clients=tuple(client.client_id for client in clients if client.client_id not in reasons),
        closed_clients=dict(reasons),
        voided_kpis={
            client_id: tuple(sorted(kpi for whose, kpi in voided if whose == client_id))
            for client_id in sorted({whose for whose, _ in voided})
        },
        elapsed_seconds=elapsed_seconds,
    )
