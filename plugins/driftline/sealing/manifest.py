"""What a seal says of itself: its tables with their hashes, the code, suites, checks and decisions behind them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftline.sealing.canonical import Part, Rules
from driftline.sealing.code import Code

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

FORMAT = 1


@dataclass(frozen=True)
class Decision:
    """Who had a quarter sealed, and what they said."""

    decided_by: str
    comment: str = ""


def as_text(manifest: Mapping[str, Any]) -> bytes:
    """Write a manifest as the one text that is hashed."""
    return json.dumps(manifest, sort_keys=True, indent=1, ensure_ascii=False).encode() + b"\n"


def sha256_of(manifest: Mapping[str, Any]) -> str:
    """Hash a manifest."""
    return hashlib.sha256(as_text(manifest)).hexdigest()


def describe(
    cursor: Cursor,
    *,
    client_id: str,
    quarter: str,
    version: int,
    previous_sha256: str | None,
    reason: str,
    build_id: str,
    code: Code,
    rules: Rules,
    decision: Decision,
    suites: Path,
    parts: Mapping[str, Iterable[Part]],
    now: datetime,
) -> dict[str, Any]:
    """Put a manifest together; what the checks and people said is read from the warehouse."""
    return {
        "format": FORMAT,
        "client_id": client_id,
        "quarter": quarter,
        "version": version,
        "previous_manifest_sha256": previous_sha256,
        "reason": reason,
        "sealed_at": now.isoformat(),
        "sealed_by": decision.decided_by,
        "comment": decision.comment,
        "build": _row(
            cursor,
            "select build_id, as_of_at, quarter, is_recomputation from ops.build where build_id = %s",
            build_id,
        ),
        "code": {"sha256": code.sha256, "dbt_version": code.dbt_version, "recomputed": list(code.recomputed)},
        "rules": rules.as_data(),
        "suites": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(suites.glob("*.yml"))},
        "gate": _row(
            cursor,
            "select gate, is_open, reason, decided_at from quality.gate where build_id = %s and client_id = %s",
            build_id, client_id,
        ),
        "checks": _rows(
            cursor,
            "select suite, expectation, severity, bool_and(is_passed) as is_passed,"
            " sum(failing_count) as failing_count, max(waived_by) as waived_by from quality.check_result"
            " where build_id = %s and client_id in (%s, '*') group by suite, expectation, severity order by 1, 2",
            build_id, client_id,
        ),
        "waivers": _rows(
            cursor,
            "select waiver, suite, expectation, reason, owner, from_on, until_on, state from quality.waiver"
            " where build_id = %s and client_id = %s order by waiver",
            build_id, client_id,
        ),
        "voided_kpis": _rows(
            cursor,
            "select kpi, reason from quality.voided_kpi where build_id = %s and client_id = %s order by kpi",
            build_id, client_id,
        ),
        "decisions": _rows(
            cursor,
            "select outcome, decided_by, decided_at, comment, run_id from ops.review_decision"
            " where build_id = %s order by decision_id",
            build_id,
        ),
        "tables": {name: {part.table: part.as_data() for part in items} for name, items in parts.items()},
    }  # fmt: skip


def _rows(cursor: Cursor, query: str, *parameters: object) -> list[dict[str, Any]]:
    cursor.execute(query, parameters)
    names = [column.name for column in cursor.description or ()]
    return [{name: _plain(value) for name, value in zip(names, row, strict=True)} for row in cursor.fetchall()]


def _row(cursor: Cursor, query: str, *parameters: object) -> dict[str, Any]:
    return next(iter(_rows(cursor, query, *parameters)), {})


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else int(value)
