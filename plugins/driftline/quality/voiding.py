"""Failures that cost one KPI instead of the client's review: the KPI is published as n/a, with the reason.

An expectation says in `meta.voids` which one: a KPI's name, or `row` for the KPI of each failing row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from psycopg2.extras import execute_values

from driftline.quality.gate import ALL_CLIENTS, KEPT_KEYS, Result

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

ROW = "row"

Voided = Mapping[tuple[str, str], str]


def is_voiding(result: Result) -> bool:
    """Say whether a failure is of single KPIs, every one of which is known by name."""
    if not result.voids or result.client_id == ALL_CLIENTS:
        return False
    return result.voids != ROW or (result.failing_count <= KEPT_KEYS and all(_named(result)))


def voided(results: Iterable[Result]) -> Voided:
    """Give the reason by client and KPI."""
    found: dict[tuple[str, str], list[str]] = {}
    for result in results:
        if result.severity != "critical" or result.is_passed or result.waived_by or not is_voiding(result):
            continue
        reason = f"{result.notes.rstrip('.')} ({result.suite}: {result.expectation})"
        for kpi in dict.fromkeys(_named(result) if result.voids == ROW else (result.voids or "",)):
            found.setdefault((result.client_id, kpi), []).append(reason)
    return {key: f"its own check failed: {'; '.join(reasons)}" for key, reasons in found.items()}


def _named(result: Result) -> Sequence[str]:
    return [str(key.get("kpi") or "") for key in result.failing_keys] or [""]


def store(cursor: Cursor, found: Voided, *, build_id: str) -> None:
    """Replace what is stored for this build."""
    cursor.execute("delete from quality.voided_kpi where build_id = %s", (build_id,))
    if found:
        execute_values(
            cursor,
            "insert into quality.voided_kpi (build_id, client_id, kpi, reason) values %s",
            [(build_id, client_id, kpi, reason) for (client_id, kpi), reason in found.items()],
        )
