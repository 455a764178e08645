"""From outcomes to clients: which of them fail what, what is stored of it, and whose gate is closed and why.

Speaks SQL to the warehouse and knows nothing of Great Expectations.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from psycopg2 import sql
from psycopg2.extras import execute_values

from driftline.quality.runner import Outcome

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

ALL_CLIENTS = "*"
KEPT_KEYS = 20
_NAMED_FAILURES = 3

# Whether a client was read stands in the gate itself: the gate must not open because a rule was dropped.
FRESHNESS = ("quality.checked_client", "is_read")


@dataclass(frozen=True)
class BuildClient:
    """One client of the build: was it read as recently as the build requires, and before which gate does it stand?

    `gate` is nightly for each client's running quarter, quarterly for a quarter that was named.
    """

    client_id: str
    is_read: bool
    reason: str
    gate: str


@dataclass(frozen=True)
class Result:
    """What one expectation said of one client, or of all ('*')."""

    suite: str
    expectation: str
    severity: str
    notes: str
    client_id: str
    is_passed: bool
    observed: str
    expected: str
    failing_count: int
    failing_keys: tuple[Mapping[str, Any], ...]
    suite_elapsed_seconds: float
    voids: str | None = None
    waived_by: str | None = None


def results_of(cursor: Cursor, outcomes: Iterable[Outcome]) -> list[Result]:
    """Make one result per failing client, or one for all clients where the expectation passed or failed as a whole."""
    return [result for outcome in outcomes for result in _results_of(cursor, outcome)]


def _results_of(cursor: Cursor, outcome: Outcome) -> list[Result]:
    if outcome.is_passed or outcome.failing_query is None:
        return [_result(outcome, ALL_CLIENTS, outcome.observed, 0, ())]
    failing = _failing_clients(cursor, outcome)
    return [_result(outcome, client_id, f"{count} rows", count, keys) for client_id, count, keys in failing] or [
        # The rule failed and now finds nothing: something moved under it, so nobody may pass on it.
        _result(outcome, ALL_CLIENTS, f"{outcome.observed}, then none", 0, ())
    ]


def _result(outcome: Outcome, client_id: str, observed: str, count: int, keys: tuple[Mapping[str, Any], ...]) -> Result:
    return Result(
        suite=outcome.suite.table,
        expectation=outcome.expectation.id,
        severity=outcome.expectation.severity,
        notes=outcome.expectation.notes,
        client_id=client_id,
        is_passed=outcome.is_passed,
        observed=observed,
        expected=outcome.expected,
        failing_count=count,
        failing_keys=keys,
        suite_elapsed_seconds=outcome.suite_elapsed_seconds,
        voids=outcome.expectation.voids,
    )


def _failing_clients(cursor: Cursor, outcome: Outcome) -> list[tuple[str, int, tuple[Mapping[str, Any], ...]]]:
    """Ask the rule's own query who fails, how often and, of the key columns alone, where."""
    assert outcome.failing_query is not None
    query = sql.SQL(outcome.failing_query)  # the suite's SQL, or what GX made of the suite's arguments
    cursor.execute(sql.SQL("select * from ({}) as failing limit 0").format(query))
    # By position: GX selects the offending column once more, under the same name, behind the key columns.
    yielded = [column.name for column in cursor.description or ()]
    aliases = [f"c{position}" for position in range(len(yielded))]
    client = aliases[yielded.index("client_id")]
    key = {name: aliases[yielded.index(name)] for name in outcome.suite.key[1:] if name in yielded}
    pairs = [sql.SQL("{}, {}").format(sql.Literal(name), sql.Identifier(alias)) for name, alias in key.items()]
    cursor.execute(
        sql.SQL(
            "select client_id, count(*), coalesce(jsonb_agg(key order by key) filter (where position <= {kept}), '[]')"
            " from (select coalesce({client}, {everyone}) as client_id, jsonb_build_object({pairs}) as key,"
            "   row_number() over (partition by {client}) as position from ({query}) as failing ({aliases})) as counted"
            " group by client_id order by client_id"
        ).format(
            kept=sql.Literal(KEPT_KEYS),
            client=sql.Identifier(client),
            everyone=sql.Literal(ALL_CLIENTS),
            pairs=sql.SQL(", ").join(pairs),
            query=query,
            aliases=sql.SQL(", ").join(map(sql.Identifier, aliases)),
        )
    )
    return [(client_id, count, tuple(item for item in keys if item)) for client_id, count, keys in cursor.fetchall()]


def reasons_to_close(clients: Iterable[BuildClient], results: Iterable[Result]) -> dict[str, str]:
    """Say, for each client whose gate stays closed, why. `results` are those that no waiver covers."""
    failed: dict[str, list[Result]] = {}
    for result in results:
        is_about_freshness = (result.suite, result.expectation) == FRESHNESS and result.client_id != ALL_CLIENTS
        if result.severity == "critical" and not result.is_passed and not is_about_freshness:
            failed.setdefault(result.client_id, []).append(result)
    reasons = {}
    for client in clients:
        causes = [_cause(result) for result in (*failed.get(client.client_id, ()), *failed.get(ALL_CLIENTS, ()))]
        if len(causes) > _NAMED_FAILURES:
            causes = [*causes[:_NAMED_FAILURES], f"and {len(causes) - _NAMED_FAILURES} more"]
        if not client.is_read:
            causes.insert(0, client.reason or "not read, and no reason is recorded")
        if causes:
            reasons[client.client_id] = "; ".join(causes)
    return reasons


def _cause(result: Result) -> str:
    problem = f", {result.observed}" if result.observed.startswith("could not") else ""
    return f"failed: {result.notes.rstrip('.')} ({result.suite}: {result.expectation}{problem})"


def store(
    cursor: Cursor,
    *,
    build_id: str,
    clients: Iterable[BuildClient],
    results: Iterable[Result],
    reasons: Mapping[str, str],
    now: datetime,
) -> None:
    """Replace what is stored for this build."""
    cursor.execute("delete from quality.check_result where build_id = %s", (build_id,))
    cursor.execute("delete from quality.gate where build_id = %s", (build_id,))
    execute_values(
        cursor,
        "insert into quality.check_result (build_id, suite, expectation, severity, client_id, is_passed, observed,"
        " expected, failing_count, failing_keys, suite_elapsed_seconds, checked_at, waived_by)"
        " values %s",
        [
            (
                build_id, item.suite, item.expectation, item.severity, item.client_id, item.is_passed, item.observed,
                item.expected, item.failing_count, json.dumps(list(item.failing_keys)), item.suite_elapsed_seconds, now,
                item.waived_by,
            )
            for item in results
        ],
    )  # fmt: skip
    execute_values(
        cursor,
        "insert into quality.gate (build_id, client_id, gate, is_open, reason, decided_at) values %s",
        [
            (build_id, item.client_id, item.gate, item.client_id not in reasons, reasons.get(item.client_id, ""), now)
            for item in clients
        ],
    )
