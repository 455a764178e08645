"""Airflow's REST API, as far as the demo needs it: log in, trigger, look at every task instance."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

FINISHED = frozenset({"success", "failed"})
_SECONDS_BEFORE_AN_ANSWER = 3.5  # an earlier one fails with a state mismatch
_PAGE = 100  # Airflow's own upper limit (api.maximum_page_limit)


class ApiError(RuntimeError):
    """Airflow answered with an error, or not at all (`status` None)."""

    def __init__(self, message: str, status: int | None) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class TaskInstance:
    """One task instance; `name` is the client's for a mapped one."""

    task_id: str
    name: str
    state: str | None
    try_number: int
    seconds: float | None

    @property
    def label(self) -> str:
        return f"{self.task_id}[{self.name}]" if self.name else self.task_id


@dataclass(frozen=True)
class Run:
    """A DAG run with all its task instances."""

    dag_id: str
    run_id: str
    state: str
    tasks: tuple[TaskInstance, ...]

    @property
    def not_successful(self) -> list[str]:
        return sorted(f"{task.label}: {task.state}" for task in self.tasks if task.state != "success")


class AirflowApi:
    """A logged-in client of one Airflow on loopback."""

    def __init__(self, base_url: str, *, user: str, password: str) -> None:
        self.base_url = base_url
        self._credentials = {"username": user, "password": password}
        self._token: str | None = None
        # A proxy of the environment has no business between two processes of this machine.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def log_in(self) -> None:
        self._token = self._call("POST", "/auth/token", self._credentials)["access_token"]

    def get(self, path: str) -> Any:
        return self._call("GET", f"/api/v2{path}")

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._call("POST", f"/api/v2{path}", body)

    def approve(self, run: Run, task_id: str, comment: str) -> None:
        """Answer a question of a run with Approve, as the user who is logged in."""
        path = f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/{task_id}/-1/hitlDetails"
        answer = {"chosen_options": ["Approve"], "params_input": {"comment": comment}}
        self._call("PATCH", f"/api/v2{path}", answer)

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None) -> str:
        """Start a run and give its id. No logical date: the same one twice is refused."""
        return str(self.post(f"/dags/{dag_id}/dagRuns", {"logical_date": None, "conf": conf or {}})["dag_run_id"])

    def run(self, dag_id: str, run_id: str) -> Run:
        path = f"/dags/{dag_id}/dagRuns/{run_id}"
        state = str(self.get(path)["state"])
        return Run(dag_id, run_id, state, tuple(self._task_instances(path)))

    def wait(
        self, dag_id: str, run_id: str, *, seconds: float, check: Callable[[], None], progress: Callable[[str], None]
    ) -> Run:
        """Wait for a run's end, telling `progress` of every task instance that ended; `check` may raise in between.

        A question of the run's is answered with Approve, as somebody at the user interface would.
        """
        told: set[tuple[str, int]] = set()
        asked_at: float | None = None
        deadline = time.monotonic() + seconds
        while True:
            run = self.run(dag_id, run_id)
            for task in run.tasks:
                key = (task.label, task.try_number)
                if (
                    task.state in {"success", "failed", "up_for_retry", "upstream_failed", "skipped"}
                    and key not in told
                ):
                    told.add(key)
                    progress(f"{dag_id}  {task.label}  {task.state}  {task.seconds or 0:.1f} s")
            if run.state in FINISHED:
                return run
            if time.monotonic() > deadline:
                waiting = ", ".join(run.not_successful)
                raise TimeoutError(f"{dag_id} did not end within {seconds:.0f} s; not done: {waiting}")
            asking = next((task for task in run.tasks if task.state == "awaiting_input"), None)
            asked_at = asked_at or time.monotonic() if asking else None
            if asking and asked_at and time.monotonic() - asked_at > _SECONDS_BEFORE_AN_ANSWER:
                self.approve(run, asking.task_id, "approved by the demo")
                asked_at = None
            check()
            time.sleep(0.5)

    def xcom(self, run: Run, task_id: str) -> Any:
        """Give what a task returned."""
        path = f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/{task_id}/xcomEntries/return_value"
        return self.get(path)["value"]

    def _task_instances(self, run_path: str) -> list[TaskInstance]:
        found: list[TaskInstance] = []
        while True:
            page = self.get(f"{run_path}/taskInstances?limit={_PAGE}&offset={len(found)}")
            found += [_task_instance(item) for item in page["task_instances"]]
            if len(found) >= page["total_entries"]:
                return found

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310  the address is the demo's own
            self.base_url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"}
            | ({"Authorization": f"Bearer {self._token}"} if self._token else {}),
        )
        try:
            with self._opener.open(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            detail = error.read().decode(errors="replace")[:500]
            raise ApiError(f"{method} {path}: {error.code} {detail}", error.code) from None
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            raise ApiError(f"{method} {path}: {error}", None) from None


def _task_instance(item: dict[str, Any]) -> TaskInstance:
    # An instance that has not run yet has no rendered name; its number tells it from its siblings.
    number = "" if item["map_index"] < 0 else str(item["map_index"])
    return TaskInstance(
        task_id=item["task_id"],
        name=item.get("rendered_map_index") or number,
        state=item["state"],
        try_number=item["try_number"],
        seconds=item["duration"],
    )
