"""`make demo` as a whole (heavy), and how it judges itself (quick)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from demo.airflow_api import Run, TaskInstance
from demo.inbox import read_messages
from demo.result import Result, find_problems, run_problems

REPOSITORY = Path(__file__).resolve().parents[2]
SCHEMAS = ("raw", "ops", "staging", "snapshots", "drift", "tickets", "access", "quality", "review_candidate", "review")
TASKS = ("plan", "finish_reading", "build", "check", "publish", "alert", "done")


def a_night(**states: str) -> Run:
    """A night over three clients in which everything went well but for what is named (`read_client_b`: client b's)."""
    reading = [
        TaskInstance("read_client", name, states.get(f"read_client_{name}", "success"), 1, 1.0) for name in "abc"
    ]
    others = [TaskInstance(task_id, "", states.get(task_id, "success"), 1, 1.0) for task_id in TASKS]
    return Run("nightly", "a run", states.get("run", "success"), (*reading, *others))


def a_result(**changes: Any) -> Result:
    good = Result(
        clients=[
            {"id": "a", "version": "17.0", "transport": "postgres"},
            {"id": "b", "version": "18.0", "transport": "rpc"},
            {"id": "c", "version": "19.0", "transport": "json2"},
        ],
        nights=[{"night_id": night, "clients": dict.fromkeys("abc", "succeeded")} for night in ("one", "two")],
        rows={f"{schema}.table": 1 for schema in SCHEMAS},
        checks={"passed": 3, "failed": 0, "by_severity": {}},
        published=[{"client_id": client_id, "quarter": "2026Q4", "is_published": True} for client_id in "abc"],
        airflow_runs=[],
        seconds={},
    )
    return replace(good, **changes)


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    (tmp_path / "2026Q4").mkdir()
    for client_id in "abc":
        (tmp_path / "2026Q4" / f"{client_id}-2026Q4.html").write_text("<html>")
    return tmp_path


def problems(pages: Path, result: Result, *runs: Run, stopped: str | None = None) -> list[str]:
    return find_problems(result, runs=runs, quarter="2026Q4", pages=pages, stopped=stopped)


def test_a_demo_in_which_everything_went_well_has_no_problem(pages: Path) -> None:
    assert problems(pages, a_result(), a_night(), a_night()) == []


@pytest.mark.parametrize(
    ("states", "found"),
    [
        ({"read_client_b": "failed"}, ["nightly: read_client[b]: failed"]),  # the run itself is green
        ({"alert": "upstream_failed"}, ["nightly: alert: upstream_failed"]),
        ({"build": "skipped"}, ["nightly: build: skipped"]),
        ({"run": "failed"}, ["nightly ended as failed"]),
    ],
)
def test_every_task_instance_counts(states: dict[str, str], found: list[str]) -> None:
    assert run_problems(a_night(**states), 0, None) == found


def test_a_run_without_tasks_is_a_problem() -> None:
    assert run_problems(Run("nightly", "a run", "success", ()), 0, None) == ["nightly has no task instances"]


def test_a_stopped_client_must_be_red_in_night_two_and_only_there() -> None:
    red = a_night(read_client_b="failed")
    assert run_problems(red, 1, "b") == []
    assert run_problems(red, 0, "b") == ["nightly: read_client[b]: failed"]
    assert run_problems(a_night(), 1, "b") == ["nightly: expected read_client[b]: failed"]
    assert run_problems(red, 1, "a") == ["nightly: read_client[b]: failed", "nightly: expected read_client[a]: failed"]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"nights": []}, ["expected two nights, found 0"]),
        ({"rows": {f"{schema}.table": int(schema != "drift") for schema in SCHEMAS}}, ["schema drift is empty"]),
        (
            {"clients": [{"id": name, "version": "19.0", "transport": "json2"} for name in "abc"]},
            ["no client was read over postgres", "no client was read over rpc"],
        ),
        (
            {"clients": [{"id": "a", "transport": "postgres"}, {"id": "b", "transport": "rpc"},
                         {"id": "c", "transport": None}]},
            ["no client was read over json2"],
        ),
        ({"checks": {"passed": 0, "failed": 0, "by_severity": {}}}, ["no check was run"]),
        (
            {"published": [{"client_id": "a", "quarter": "2026Q4", "is_published": True},
                           {"client_id": "c", "quarter": "2026Q4", "is_published": True},
                           {"client_id": "b", "quarter": "2026Q4", "is_published": False},
                           {"client_id": "b", "quarter": "2026Q3", "is_published": True}]},
            ["b: 2026Q4 was not published"],
        ),
    ],
)  # fmt: skip
def test_what_is_missing_in_the_warehouse_is_named(pages: Path, changes: dict[str, Any], found: list[str]) -> None:
    assert problems(pages, a_result(**changes), a_night(), a_night()) == found


def test_an_empty_page_is_no_page(pages: Path) -> None:
    (pages / "2026Q4" / "a-2026Q4.html").write_text("")
    assert problems(pages, a_result(), a_night(), a_night()) == ["a: no review page"]


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = REPOSITORY / "build" / f"test-demo-{os.getpid()}"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.with_suffix(".lock").unlink(missing_ok=True)


def play(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "demo.run", "--folder", str(folder), *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


def processes_of(folder: Path) -> list[str]:
    lines = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    return [" ".join(line) for line in lines if any(str(folder) in word for word in line)]


@pytest.mark.heavy
@pytest.mark.timeout(900)
def test_the_demo_does_what_it_promises(folder: Path) -> None:
    played = play(folder)
    assert played.returncode == 0, played.stdout + played.stderr
    result = json.loads((folder / "result.json").read_text())
    declared = yaml.safe_load((REPOSITORY / "demo" / "clients.yml").read_text())["clients"]
    assert set(result) == {"clients", "nights", "rows", "checks", "published", "airflow_runs", "seconds"}
    # cordoba declares no transport: that of its version was found out.
    assert "transport" not in declared["cordoba"]
    assert {client["id"]: (client["version"], client["transport"]) for client in result["clients"]} == {
        "aegean": ("17.0", "postgres"),
        "boreal": ("19.0", "json2"),
        "cordoba": ("18.0", "rpc"),
        "delta": ("16.0", "postgres"),
        "egret": ("14.0", "postgres"),
    }
    assert [set(night["clients"].values()) for night in result["nights"]] == [{"succeeded"}, {"succeeded"}]
    assert [(run["dag"], run["state"], run["failed_task_instances"]) for run in result["airflow_runs"]] == [
        ("nightly", "success", []),
        ("nightly", "success", []),
        ("quarterly_review", "success", []),
    ]
    assert {row["client_id"] for row in result["published"] if row["is_published"]} == set(declared)
    assert all(result["rows"][table] > 0 for table in ("raw.res_users", "review.scorecard", "drift.module_change"))
    assert processes_of(folder) == []
    assert "Every step did its work." in played.stdout


@pytest.mark.heavy
@pytest.mark.timeout(900)
@pytest.mark.parametrize("client_id", ["delta", "cordoba", "boreal"])  # one of each transport
def test_a_stopped_client_is_red_the_rest_is_published_and_one_message_says_so(folder: Path, client_id: str) -> None:
    played = play(folder, "--stop-client", client_id)
    assert played.returncode == 0, played.stdout + played.stderr
    result = json.loads((folder / "result.json").read_text())
    assert [run["failed_task_instances"] for run in result["airflow_runs"]] == [
        [],
        [f"read_client[{client_id}]: failed"],
        [],
    ]
    assert result["nights"][1]["clients"][client_id] == "failed"
    nights = [row for row in result["published"] if row["is_published"]][5:9]
    assert {row["client_id"] for row in nights} == {"aegean", "boreal", "cordoba", "delta", "egret"} - {client_id}
    naming = [
        message for message in read_messages(folder / "state" / "messages.jsonl") if client_id in message["message"]
    ]
    assert len(naming) == 1
    assert "4 of 5 clients read" in naming[0]["message"]
    assert "SourceUnavailable" in naming[0]["message"]


def test_an_unknown_client_to_stop_is_refused(tmp_path: Path) -> None:
    played = play(tmp_path / "demo", "--stop-client", "dleta")
    assert played.returncode == 2
    assert "no demo client 'dleta'. Known: aegean, boreal, cordoba, delta, egret" in played.stderr


def test_an_interrupted_demo_stops_what_it_started(folder: Path) -> None:
    command = [sys.executable, "-m", "demo.run", "--folder", str(folder)]
    child = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert child.stdout is not None
    for line in child.stdout:
        if "start Airflow" in line:
            break
    register = folder / "state" / "processes.json"
    while not register.exists():
        assert child.poll() is None
    child.send_signal(2)
    rest = child.communicate(timeout=60)[0]
    assert child.returncode == 130, rest
    assert "Interrupted; everything that was started is being stopped." in rest
    assert processes_of(folder) == []
