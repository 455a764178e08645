"""What the DAG files are, before anything runs: loadable, cheap to parse, always the same, wired as promised."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DAG_IDS = {"nightly", "quarterly_review"}
HEAVY = {"dbt", "great_expectations", "pandas", "numpy", "altair", "psycopg2", "apprise", "requests", "yaml"}


def parse(home: Path, *, hash_seed: str, schedule: str | None = None) -> dict[str, Any]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "DRIFTLINE_"))}
    environment = inherited | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": str(REPOSITORY / "plugins"),
        "PYTHONHASHSEED": hash_seed,
    }
    if schedule is not None:
        environment["DRIFTLINE_NIGHTLY_SCHEDULE"] = schedule
    script = Path(__file__).with_name("parse_dags.py")
    result = subprocess.run(
        [sys.executable, str(script), str(REPOSITORY / "dags")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    # Airflow writes log lines to the same stream; the answer is the last one.
    return json.loads(result.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return parse(tmp_path_factory.mktemp("airflow"), hash_seed="1")


@pytest.fixture(scope="module")
def tasks(parsed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The tasks of both DAGs as `dag.task`, each with its own settings laid over the DAG's."""
    found = {}
    for dag_id, dag in parsed["dags"].items():
        for item in dag["dag"]["tasks"]:
            values = item["__var"]
            found[f"{dag_id}.{values['task_id']}"] = values | values.get("partial_kwargs", {})
    return found


def test_every_dag_file_holds_the_dag_of_its_name_and_nothing_fails_to_import(parsed: dict[str, Any]) -> None:
    assert parsed["import_errors"] == {}
    assert set(parsed["dags"]) == DAG_IDS
    assert {file.stem for file in (REPOSITORY / "dags").glob("*.py")} - {"wiring"} == DAG_IDS


def test_two_parses_serialise_identically(parsed: dict[str, Any], tmp_path: Path) -> None:
    again = parse(tmp_path, hash_seed="2")
    assert again["dags"] == parsed["dags"]


def test_parsing_opens_no_connection_and_starts_no_process(parsed: dict[str, Any]) -> None:
    assert parsed["events"] == []


def test_parsing_imports_no_heavy_package(parsed: dict[str, Any]) -> None:
    assert "wiring" in parsed["imported"]
    assert HEAVY & set(parsed["imported"]) == set()


def test_airflow_does_not_execute_the_package_as_plugins(tmp_path: Path) -> None:
    # Left alone, Airflow runs every file below plugins/ once more, as a top-level module under its bare name.
    script = (
        "import sys; from airflow.plugins_manager import _get_plugins; _get_plugins();"
        "print([name for name, module in list(sys.modules.items())"
        " if (getattr(module, '__file__', None) or '').startswith(sys.argv[1])])"
    )
    plugins = str(REPOSITORY / "plugins")
    result = subprocess.run(
        [sys.executable, "-c", script, plugins],
        env=os.environ | {"AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__PLUGINS_FOLDER": plugins},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert result.stdout.splitlines()[-1] == "[]"


def test_a_night_starts_at_two_unless_the_environment_says_otherwise(parsed: dict[str, Any], tmp_path: Path) -> None:
    assert parsed["dags"]["nightly"]["dag"]["timetable"]["__var"]["expression"] == "0 2 * * *"
    by_hand = parse(tmp_path, hash_seed="1", schedule="")
    assert by_hand["dags"]["nightly"]["dag"]["timetable"]["__type"].endswith("NullTimetable")


@pytest.mark.parametrize("dag_id", sorted(DAG_IDS))
def test_a_dag_tells_what_to_do_when_it_fails(parsed: dict[str, Any], dag_id: str) -> None:
    dag = parsed["dags"][dag_id]["dag"]
    last_heading = [line for line in dag["doc_md"].splitlines() if line.startswith("## ")][-1]
    assert last_heading == "## If it fails"
    for item in dag["tasks"]:
        task_id = item["__var"]["task_id"]
        assert f"`{task_id}`" in dag["doc_md"].split(last_heading)[1] or task_id in {"finish_reading", "done"}


@pytest.mark.parametrize("dag_id", sorted(DAG_IDS))
def test_runs_do_not_overlap_and_do_not_catch_up(parsed: dict[str, Any], dag_id: str) -> None:
    dag = parsed["dags"][dag_id]["dag"]
    assert dag["max_active_runs"] == 1
    assert dag["catchup"] is False


def test_reading_is_mapped_over_clients_by_name_and_bounded(tasks: dict[str, dict[str, Any]]) -> None:
    reading = tasks["nightly.read_client"]
    assert reading["_is_mapped"] is True
    assert reading["map_index_template"] == "{{ task.op_kwargs['client_id'] }}"
    assert reading["pool"] == "driftline_sources"
    assert reading["retries"] == 2


def test_what_follows_the_reading_runs_whatever_became_of_single_clients(tasks: dict[str, dict[str, Any]]) -> None:
    rules = {name: task.get("trigger_rule", "all_success") for name, task in tasks.items()}
    assert rules["nightly.finish_reading"] == "all_done"
    assert rules["nightly.alert"] == rules["quarterly_review.alert"] == "all_done"
    for name in ("build", "check", "publish"):
        assert rules[f"nightly.{name}"] == rules[f"quarterly_review.{name}"] == "all_success"


def test_the_way_is_build_check_publish_alert(tasks: dict[str, dict[str, Any]]) -> None:
    after = {name: set(task.get("downstream_task_ids", ())) for name, task in tasks.items()}
    assert after["nightly.plan"] == {"read_client", "finish_reading"}
    assert after["nightly.read_client"] == {"finish_reading"}
    assert after["nightly.finish_reading"] == {"build"}
    assert after["nightly.build"] == {"check"}
    assert after["quarterly_review.build"] == {"check", "alert"}
    for dag_id in DAG_IDS:
        assert after[f"{dag_id}.check"] == {"publish"}
    assert after["nightly.publish"] == {"alert", "done"}
    assert after["quarterly_review.publish"] == {"render_page", "done"}


def test_only_an_address_that_did_not_answer_is_tried_again() -> None:
    import importlib

    sys.path.insert(0, str(REPOSITORY / "dags"))
    try:
        policy = importlib.import_module("wiring").RETRY_UNREACHABLE
    finally:
        sys.path.remove(str(REPOSITORY / "dags"))
    from driftline import errors

    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(kinds) > 5
    for kind in kinds:
        decision = policy.evaluate(kind("no"), try_number=1, max_tries=2)
        assert decision.action.value == ("retry" if kind.is_retryable else "fail"), kind.__name__
