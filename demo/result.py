"""What the demo did, read back from the warehouse, and whether that is what it promises (`build/demo/result.json`)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extras import RealDictCursor

from demo.airflow_api import Run

TRANSPORTS = ("postgres", "rpc", "json2")
_RELATIONS = """
  select schemaname as schema, tablename as name from pg_tables where schemaname !~ '^(pg_|information_schema$)'
  union all
  select schemaname, viewname from pg_views where schemaname !~ '^(pg_|information_schema$)'
  order by 1, 2
"""
_CLIENTS = """
  select c.client_id as id, coalesce(r.odoo_version, c.odoo_version) as version, r.transport
    from ops.client c
    left join lateral (
      select odoo_version, transport from ops.client_run where client_id = c.client_id and state = 'succeeded'
       order by finished_at desc limit 1) r on true
   order by 1
"""
_NIGHTS = """
  select n.night_id, n.as_of_at, n.state, jsonb_object_agg(r.client_id, r.state) as clients
    from ops.night n left join ops.client_run r using (night_id)
   group by n.night_id order by n.started_at
"""
_CHECKS = "select severity, is_passed, count(*) as count from quality.check_result group by 1, 2"
_PUBLISHED = """
  select client_id, quarter, is_published, reason, row_counts, as_of_at, published_at
    from review.publication order by publication_id
"""


@dataclass(frozen=True)
class Result:
    """The contract of `make demo`; field by field what result.json holds."""

    clients: list[dict[str, Any]]
    nights: list[dict[str, Any]]
    rows: dict[str, int]
    checks: dict[str, Any]
    published: list[dict[str, Any]]
    airflow_runs: list[dict[str, Any]]
    seconds: dict[str, float]

    def write(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self), indent=2, default=str) + "\n")


def gather(url: str, *, runs: Sequence[Run], seconds: Mapping[str, float]) -> Result:
    """Read the figures of a finished demo."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor(cursor_factory=RealDictCursor) as cursor:
        return Result(
            clients=_rows(cursor, _CLIENTS),
            nights=_rows(cursor, _NIGHTS),
            rows=_counts(cursor),
            checks=_checks(_rows(cursor, _CHECKS)),
            published=_rows(cursor, _PUBLISHED),
            airflow_runs=[
                {"dag": run.dag_id, "run": run.run_id, "state": run.state, "failed_task_instances": run.not_successful}
                for run in runs
            ],
            seconds={step: round(value, 1) for step, value in seconds.items()},
        )


def find_problems(result: Result, *, runs: Sequence[Run], quarter: str, pages: Path, stopped: str | None) -> list[str]:
    """Name everything that is not as the demo promises; `stopped` is the client whose database refused night two."""
    expected = {client["id"] for client in result.clients} - {stopped}
    problems = [problem for number, run in enumerate(runs) for problem in run_problems(run, number, stopped)]
    problems += _night_problems(result, stopped)
    used = {client["transport"] for client in result.clients}
    problems += [f"no client was read over {transport}" for transport in TRANSPORTS if transport not in used]
    problems += [f"schema {schema} is empty" for schema in _empty_schemas(result.rows)]
    if not result.checks["passed"]:
        problems.append("no check was run")
    published = {row["client_id"] for row in result.published if row["quarter"] == quarter and row["is_published"]}
    problems += [f"{client_id}: {quarter} was not published" for client_id in sorted(expected - published)]
    for client_id in sorted(expected):
        page = pages / quarter / f"{client_id}-{quarter}.html"
        if not page.is_file() or not page.stat().st_size:
            problems.append(f"{client_id}: no review page")
    return problems


def run_problems(run: Run, number: int, stopped: str | None) -> list[str]:
    """Name the task instances of a run that did not do what they should; `number` counts from 0.

    A run can be green with a red client, so every one is looked at.
    """
    allowed = {f"read_client[{stopped}]: failed"} if stopped and number == 1 else set()
    found = set(run.not_successful)
    problems = [f"{run.dag_id}: {task}" for task in sorted(found - allowed)]
    problems += [f"{run.dag_id}: expected {task}" for task in sorted(allowed - found)]
    if run.state != "success":
        problems.append(f"{run.dag_id} ended as {run.state}")
    if not run.tasks:
        problems.append(f"{run.dag_id} has no task instances")
    return problems


def _night_problems(result: Result, stopped: str | None) -> list[str]:
    problems = [] if len(result.nights) == 2 else [f"expected two nights, found {len(result.nights)}"]
    for number, night in enumerate(result.nights):
        for client in result.clients:
            client_id = client["id"]
            expected = "failed" if client_id == stopped and number == 1 else "succeeded"
            if (state := night["clients"].get(client_id, "missing")) != expected:
                problems.append(f"{client_id}: night {number + 1} is {state}, expected {expected}")
    return problems


def _empty_schemas(rows: dict[str, int]) -> list[str]:
    # The other schemas fill with the issues that own them; these carry the demo.
    needed = {
        "raw",
        "ops",
        "staging",
        "snapshots",
        "drift",
        "tickets",
        "access",
        "quality",
        "review_candidate",
        "review",
    }
    filled = {name.split(".")[0] for name, count in rows.items() if count > 0}
    return sorted(needed - filled)


def _checks(rows: list[dict[str, Any]]) -> dict[str, Any]:
    total: Counter[str] = Counter()
    by_severity: dict[str, dict[str, int]] = {}
    for row in rows:
        outcome = "passed" if row["is_passed"] else "failed"
        total[outcome] += row["count"]
        by_severity.setdefault(row["severity"], {"passed": 0, "failed": 0})[outcome] = row["count"]
    return {"passed": total["passed"], "failed": total["failed"], "by_severity": by_severity}


def _counts(cursor: RealDictCursor) -> dict[str, int]:
    counts = {}
    for relation in _rows(cursor, _RELATIONS):
        name = sql.Identifier(relation["schema"], relation["name"])
        cursor.execute(sql.SQL("select count(*) as count from {}").format(name))
        counts[f"{relation['schema']}.{relation['name']}"] = cursor.fetchall()[0]["count"]
    return counts


def _rows(cursor: RealDictCursor, query: str) -> list[dict[str, Any]]:
    cursor.execute(query)
    return [dict(row) for row in cursor.fetchall()]
