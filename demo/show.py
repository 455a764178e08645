"""What the demo prints: the result as a short table, the messages, and for a failure the right end of the right log."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from demo.airflow_api import Run
from demo.processes import StepFailed
from demo.result import Result

_TAIL_LINES = 25


def print_result(result: Result, *, messages: list[dict[str, str]], folder: Path) -> None:
    """Print what happened and where to look next."""
    for message in messages:
        print_message(message)
    print("\n── result")
    for name, value in _lines(result):
        print(f"{name:<14} {value}")
    pages = sorted((folder / "review").glob("*/*.html"))
    print("\n── look")
    for page in pages:
        print(f"review page    {_near(page)}")
    print(f"all figures    {_near(folder / 'result.json')}")
    print(f"logs           {_near(folder / 'logs')}")
    print("in the browser make up (Airflow with these runs, the warehouse for a BI tool); make down ends it")


def print_message(message: dict[str, str]) -> None:
    print(f"\n── message: {message['title']}\n{message['message'].rstrip()}")


def print_problems(problems: Sequence[str]) -> None:
    """Print what did not go as promised."""
    sys.stdout.flush()
    if not problems:
        print("\nEvery step did its work.")
        return
    print("\nNot every step did its work:", file=sys.stderr)
    for problem in problems:
        print(f"  {problem}", file=sys.stderr)


def print_step_failure(failure: StepFailed, *, logs: Path, messages: Sequence[dict[str, str]] = ()) -> None:
    """Print which step failed, the end of its log, the platform's own last message, and what to do."""
    for message in messages[-1:]:
        print_message(message)
    sys.stdout.flush()
    print(f"\nStopped: {failure}", file=sys.stderr)
    if failure.log and failure.log.exists():
        lines = failure.log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
        print(f"\nThe end of {_near(failure.log)}:", file=sys.stderr)
        print("\n".join(f"  {line}" for line in lines), file=sys.stderr)
    print(f"\n{failure.hint or f'All logs: {_near(logs)}. Correct the cause and run it again.'}", file=sys.stderr)


def _lines(result: Result) -> list[tuple[str, str]]:
    by_schema: Counter[str] = Counter()
    for name, count in result.rows.items():
        by_schema[name.split(".")[0]] += count
    severities = ", ".join(
        f"{severity} {counts['passed']} of {sum(counts.values())}"
        for severity, counts in sorted(result.checks["by_severity"].items())
    )
    published: dict[str, list[str]] = {}
    for row in result.published:
        if row["is_published"]:
            published.setdefault(row["quarter"], []).append(row["client_id"])
    return [
        ("clients", ", ".join(f"{c['id']} ({c['version']}, {c['transport']})" for c in result.clients)),
        *(("night", f"{night['as_of_at']:%Y-%m-%d %H:%M} UTC: {_states(night)}") for night in result.nights),
        ("rows", ", ".join(f"{schema} {count:,}" for schema, count in sorted(by_schema.items()))),
        ("checks", f"{result.checks['passed']} passed, {result.checks['failed']} failed ({severities} passed)"),
        *(("published", f"{quarter}: {len(set(ids))} clients, {len(ids)} times") for quarter, ids in published.items()),
        *(("airflow run", _run_line(run)) for run in result.airflow_runs),
        ("seconds", ", ".join(f"{step} {value:g}" for step, value in result.seconds.items())),
        ("", f"{sum(result.seconds.values()):.0f} in all"),
    ]


def _states(night: dict[str, Any]) -> str:
    counts = Counter(night["clients"].values())
    return ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))


def _run_line(run: dict[str, Any]) -> str:
    failed = ", ".join(run["failed_task_instances"])
    return f"{run['dag']}: {run['state']}" + (f" ({failed})" if failed else ", every task instance green")


def task_errors(run: Run, logs: Path) -> list[str]:
    """Find what the failed tasks of a run said, each once, with the log to read on in."""
    found: dict[str, Path] = {}
    for log in sorted(logs.glob(f"tasks/dag_id={run.dag_id}/run_id={run.run_id}/**/attempt=*.log")):
        for line in log.read_text(errors="replace").splitlines():
            details = _error_details(line)
            if details:
                found.setdefault(f"{details[0]['exc_type']}: {details[0]['exc_value']}", log)
    return [f"{error}\n    {_near(log)}" for error, log in found.items()]


def _error_details(line: str) -> list[dict[str, Any]]:
    try:
        entry = json.loads(line)
    except json.JSONDecodeError:  # a line that some library printed
        return []
    return (entry.get("error_detail") or []) if isinstance(entry, dict) else []


def _near(path: Path) -> Path:
    """Shorten a path for reading."""
    try:
        return path.relative_to(Path.cwd())
    except ValueError:
        return path
