"""What the DAG files are, before anything runs: loadable, cheap to parse, always the same, wired as promised."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from jinja2.sandbox import SandboxedEnvironment

REPOSITORY = Path(__file__).resolve().parents[2]
DAG_IDS = {"nightly", "quarterly_review", "weekly_reconcile"}
BUILDING = {"nightly", "quarterly_review"}
READING = {"nightly", "weekly_reconcile"}
HEAVY = {"dbt", "great_expectations", "pandas", "numpy", "altair", "psycopg2", "apprise", "requests", "yaml"}


def parse(home: Path, *, hash_seed: str, **schedules: str) -> dict[str, Any]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "DRIFTLINE_"))}
    environment = inherited | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": str(REPOSITORY / "plugins"),
        "PYTHONHASHSEED": hash_seed,
    }
    environment |= {f"DRIFTLINE_{name.upper()}_SCHEDULE": schedule for name, schedule in schedules.items()}
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
    """The tasks of all DAGs as `dag.task`, each with its own settings laid over the DAG's."""
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


def test_runs_start_by_the_clock_unless_the_environment_says_otherwise(parsed: dict[str, Any], tmp_path: Path) -> None:
    by_default = {dag_id: dag["dag"]["timetable"]["__var"] for dag_id, dag in parsed["dags"].items()}
    assert by_default["nightly"]["expression"] == "0 2 * * *"
    assert by_default["weekly_reconcile"]["expression"] == "0 8 * * 0"
    assert "expression" not in by_default["quarterly_review"]
    own = parse(tmp_path, hash_seed="1", nightly="", weekly="30 9 * * 6")["dags"]
    assert own["nightly"]["dag"]["timetable"]["__type"].endswith("NullTimetable")
    assert own["weekly_reconcile"]["dag"]["timetable"]["__var"]["expression"] == "30 9 * * 6"


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


@pytest.mark.parametrize("dag_id", sorted(READING))
def test_reading_is_mapped_over_clients_by_name_and_bounded(tasks: dict[str, dict[str, Any]], dag_id: str) -> None:
    reading = tasks[f"{dag_id}.read_client"]
    assert reading["_is_mapped"] is True
    assert reading["pool"] == "driftline_sources"
    assert reading["execution_timeout"]["__var"] == 7200
    assert reading["retries"] == 2
    assert reading["has_retry_policy"] is True


@pytest.mark.parametrize(
    ("client_ids", "shown"),
    [
        (["egret"], "egret"),
        (["a" * 40], "a" * 40),
        (["aegean", "boreal"], "aegean, boreal"),
        ([f"client_{number:04}" for number in range(9)],
         "client_0000, client_0001, client_0002, client_0003, …"),
    ],
)  # fmt: skip
def test_a_mapped_task_shows_whose_it_is(tasks: dict[str, dict[str, Any]], client_ids: list[str], shown: str) -> None:
    for dag_id in READING:
        template = tasks[f"{dag_id}.read_client"]["map_index_template"]
        text = SandboxedEnvironment().from_string(template).render(task={"op_kwargs": {"client_ids": client_ids}})
        assert text == shown


def test_what_follows_the_reading_runs_whatever_became_of_single_clients(tasks: dict[str, dict[str, Any]]) -> None:
    rules = {name: task.get("trigger_rule", "all_success") for name, task in tasks.items()}
    assert rules["nightly.finish_reading"] == rules["weekly_reconcile.finish_reading"] == "all_done"
    # A week's run is red when a client could not be compared; a night's is that of its publication.
    assert rules["weekly_reconcile.done"] == "all_success"
    assert rules["nightly.alert"] == rules["quarterly_review.alert"] == rules["weekly_reconcile.alert"] == "all_done"
    for name in ("build", "check", "publish"):
        assert rules[f"nightly.{name}"] == rules[f"quarterly_review.{name}"] == "all_success"


def test_the_way_is_build_check_publish_alert(tasks: dict[str, dict[str, Any]]) -> None:
    after = {name: set(task.get("downstream_task_ids", ())) for name, task in tasks.items()}
    assert after["nightly.plan"] == {"read_client", "finish_reading"}
    assert after["nightly.read_client"] == {"finish_reading"}
    assert after["nightly.finish_reading"] == {"build"}
    assert after["nightly.build"] == {"check"}
    assert after["quarterly_review.build"] == {"check", "alert"}
    assert after["nightly.check"] == {"publish", "render_docs"}
    assert after["quarterly_review.check"] == {"propose"}
    assert after["quarterly_review.propose"] == {"approve", "record_answer", "publish"}
    assert after["quarterly_review.approve"] == {"record_answer"}
    assert after["quarterly_review.record_answer"] == {"publish", "seal", "close_access", "done"}
    assert after["quarterly_review.close_access"] == {"done"}
    assert after["weekly_reconcile.plan"] == {"read_client", "finish_reading"}
    assert after["weekly_reconcile.read_client"] == {"finish_reading", "done"}
    assert after["weekly_reconcile.finish_reading"] == {"alert", "done"}
    assert after["weekly_reconcile.alert"] == {"done"}
    assert after["nightly.publish"] == {"alert", "done", "render_docs"}
    assert after["quarterly_review.publish"] == {"seal", "done", "render_docs"}
    assert after["quarterly_review.seal"] == {"render_page", "done"}


@pytest.fixture
def wiring(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.syspath_prepend(str(REPOSITORY / "dags"))
    return importlib.import_module("wiring")


def test_only_an_address_that_did_not_answer_is_tried_again(wiring: ModuleType) -> None:
    from driftline import errors
    from driftline.sources import calls

    found = [*vars(errors).values(), *vars(calls).values()]
    kinds = {kind for kind in found if isinstance(kind, type) and issubclass(kind, errors.DriftlineError)}
    assert {kind.__name__ for kind in kinds if kind.is_retryable} == {
        "SourceUnavailable", "ServerBusy", "PageTooLarge", "SessionEnded", "WarehouseError",
    }  # fmt: skip
    assert {"ModelForbidden", "OutOfTimeError", "AlreadyRunningError", "ConfigError"} <= {k.__name__ for k in kinds}
    for kind in kinds:
        error = kind("no", retry_after_seconds=1.0) if kind is calls.ServerBusy else kind("no")
        decision = wiring.RETRY_UNREACHABLE.evaluate(error, try_number=1, max_tries=2)
        assert decision.action.value == ("retry" if kind.is_retryable else "fail"), kind.__name__


@pytest.mark.parametrize(
    ("raw", "address"),
    [
        ("postgresql://reader:p%40ss%3A1@db.example:5433/odoo?sslmode=require",
         "postgresql://reader:p%40ss%3A1@db.example:5433/odoo?sslmode=require"),
        ("http://bot%40x.example:p%40ss%2F1@127.0.0.1:8069/odoo", "http://bot%40x.example:p%40ss%2F1@127.0.0.1:8069/odoo"),
        ("https://bot:p%40ss%2F1@erp.example/odoo", "https://bot:p%40ss%2F1@erp.example/odoo"),
        # As Airflow's own HTTP hook wants it, and as its form for connections suggests.
        ('{"conn_type": "http", "host": "https://erp.example", "login": "bot", "password": "p@ss/1", "schema": "odoo"}',
         "https://bot:p%40ss%2F1@erp.example/odoo"),
        ('{"conn_type": "http", "host": "erp.example", "port": 8069, "login": "bot", "password": "p@ss/1",'
         ' "schema": "odoo"}', "http://bot:p%40ss%2F1@erp.example:8069/odoo"),
    ],
)  # fmt: skip
def test_a_connection_becomes_the_address_it_stands_for(
    wiring: ModuleType, monkeypatch: pytest.MonkeyPatch, raw: str, address: str
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ODOO_ACME", raw)
    assert wiring.find_connection("acme") == address
    assert wiring.find_connection("nobody") is None
