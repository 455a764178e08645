"""One local stack: PostgreSQL, demo clients, warehouse and Airflow's processes, all on loopback, all in one folder.

`demo.run` drives it through two nights; `demo.up` keeps it running.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from demo import odoo
from demo.airflow_api import AirflowApi, ApiError
from demo.ci_reports import deliver
from demo.databases import Databases
from demo.inbox import read_messages
from demo.odoo_servers import OdooServers, served_clients
from demo.policies import lay_out as lay_out_policies
from demo.postgres import EmbeddedPostgres, free_port
from demo.processes import Processes, StepFailed, run, uninterrupted
from demo.vault import Vault

REPOSITORY = Path(__file__).resolve().parents[1]
USER = "admin"
SOURCES_POOL = "driftline_sources"
SCRIPTS = Path(sys.executable).parent
_READY_SECONDS = 90
_AIRFLOW_PROCESSES: dict[str, tuple[str, ...]] = {
    "api-server": (),  # its host and port come by environment
    # Without this option the scheduler serves logs on every interface; the API server shows them as well.
    "scheduler": ("--skip-serve-logs",),
    "dag-processor": (),
}
# What a developer's shell may carry must not reach the stack, and the other way round.
_OWN_PREFIXES = ("AIRFLOW", "DRIFTLINE_", "PG", "DBT_")


@dataclass(frozen=True)
class Ports:
    """Where a stack listens, on 127.0.0.1 only."""

    postgres: int | None
    airflow: int
    inbox: int
    odoo: Mapping[str, int]  # of the clients that are read over the network

    @classmethod
    def choose(cls, *, postgres: int | None = None, airflow: int | None = None) -> Ports:
        odoo_ports = {client_id: free_port() for client_id in served_clients()}
        return cls(postgres=postgres, airflow=airflow or free_port(), inbox=free_port(), odoo=odoo_ports)


class Stack:
    """Everything below one folder; `create()` once, then `start()` and `stop()` as often as needed."""

    clients_file = REPOSITORY / "demo" / "clients.yml"
    client_ids: Sequence[str] = odoo.CLIENT_IDS

    def __init__(self, folder: Path, ports: Ports) -> None:
        self.folder = folder
        self.ports = ports
        self.state = folder / "state"
        self.logs = folder / "logs"
        self.review_folder = folder / "review"
        self.vault = Vault(self.state / "vault.json")
        self.server = EmbeddedPostgres(self.state / "postgres", port=ports.postgres)
        self.databases = Databases(self.server, self.vault)
        self.odoo_servers = OdooServers(self.databases, self.vault, self.state, ports.odoo)
        self.processes = Processes(self.state / "processes.json", self.logs)
        self.inbox_file = self.state / "messages.jsonl"
        self._created = self.state / "created"

    @property
    def ui_password(self) -> str:
        return self.vault.password("airflow user")

    @cached_property
    def api(self) -> AirflowApi:
        return AirflowApi(f"http://127.0.0.1:{self.ports.airflow}", user=USER, password=self.ui_password)

    @property
    def is_created(self) -> bool:
        return self._created.exists()

    @property
    def is_running(self) -> bool:
        return self.server.is_running() and set(self.processes.running()) >= self._process_names

    @property
    def _process_names(self) -> set[str]:
        return {"inbox", *self.odoo_servers.names, *_AIRFLOW_PROCESSES}

    def client_address(self, client_id: str) -> str:
        """The address the platform reads a client with: its Odoo server's, or else its database's."""
        if client_id in self.ports.odoo:
            return self.odoo_servers.address(client_id)
        return self.databases.client_url(client_id)

    def remove(self) -> None:
        """End what still runs here and forget everything."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def create(self, *, anchor_at: datetime) -> None:
        """Make databases, demo clients and warehouse. A stack whose creation was interrupted starts over."""
        with uninterrupted():
            self.server.start()
        self.databases.create()
        environment = self.environment()
        with ThreadPoolExecutor(max_workers=2) as pool:
            airflow = pool.submit(self._run, "airflow-db", environment, "airflow", "db", "migrate")
            self._run("migrate", environment, "driftline", "migrate")
            self.databases.let_analyst_read()
            self._create_clients(anchor_at)
            airflow.result()
        lay_out_policies(self._policies)
        deliver(self._test_reports, at=anchor_at)
        self._created.touch()

    def _create_clients(self, anchor_at: datetime) -> None:
        for client_id in self.client_ids:
            self.databases.create_client(client_id, anchor_at=anchor_at)

    def start(self) -> None:
        """Start PostgreSQL, the clients' Odoo servers and Airflow; wait until all answer and the DAGs are known."""
        with uninterrupted():
            self.server.start()
        environment = self.environment()
        self._write_ui_password()
        inbox = [sys.executable, "-m", "demo.inbox", str(self.ports.inbox), str(self.inbox_file)]
        self.processes.start("inbox", inbox, environment, REPOSITORY)
        self.odoo_servers.start(self.processes, REPOSITORY)
        for name, options in _AIRFLOW_PROCESSES.items():
            self.processes.start(name, [str(SCRIPTS / "airflow"), name, *options], environment, REPOSITORY)
        self._wait_until_ready()

    def stop(self) -> None:
        """End all processes of this stack; do nothing where none runs."""
        self.processes.stop()
        self.server.stop()

    def messages(self) -> list[dict[str, str]]:
        """What the platform has sent."""
        return read_messages(self.inbox_file)

    def environment(self) -> dict[str, str]:
        """Compose the environment of every process: the only way secrets reach them."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OWN_PREFIXES)}
        return {**inherited, **self._driftline_environment(), **self._airflow_environment(), **_NO_TELEMETRY}

    def _driftline_environment(self) -> dict[str, str]:
        connections = {
            f"AIRFLOW_CONN_ODOO_{client_id.upper()}": self.client_address(client_id) for client_id in self.client_ids
        }
        return connections | {
            "DRIFTLINE_HOME": str(REPOSITORY),
            "DRIFTLINE_CLIENTS_FILE": str(self.clients_file),
            "DRIFTLINE_POLICIES_DIR": str(self._policies),
            "DRIFTLINE_BUILD_DIR": str(self.folder),
            "DRIFTLINE_TEST_REPORTS": str(self._test_reports),
            "DRIFTLINE_WAREHOUSE_URL": self.databases.warehouse_url,
            "AIRFLOW_CONN_DRIFTLINE_WAREHOUSE": self.databases.warehouse_url,
            "DRIFTLINE_HASH_SALT": self.vault.password("hash salt"),
            "DRIFTLINE_ALERT_URLS": f"json://127.0.0.1:{self.ports.inbox}/{self.vault.password('alert route')}",
            # Runs are triggered; the clock must not start one in between.
            "DRIFTLINE_NIGHTLY_SCHEDULE": "",
            "DRIFTLINE_WEEKLY_SCHEDULE": "",
        }

    def _airflow_environment(self) -> dict[str, str]:
        home = self.state / "airflow"
        database = self.databases.airflow_url.removeprefix("postgresql://")
        address = f"http://127.0.0.1:{self.ports.airflow}"
        return {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": str(max(2, min(8, os.cpu_count() or 2))),
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "3",
            "AIRFLOW__CORE__FERNET_KEY": self.vault.fernet_key("airflow fernet"),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self._passwords_file),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{database}",
            "AIRFLOW__API__BASE_URL": address,
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.ports.airflow),
            "AIRFLOW__API__SECRET_KEY": self.vault.password("airflow api"),
            "AIRFLOW__API_AUTH__JWT_SECRET": self.vault.signing_key("airflow tokens"),
            "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",
            # A task that has ended is noticed only after this long, more often than not.
            "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.3",
            "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "120",
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(self.logs / "tasks"),
            "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
            "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(self.logs / "dag_processor"),
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }

    @property
    def _policies(self) -> Path:
        return self.folder / "policies"

    @property
    def _test_reports(self) -> Path:
        return self.folder / "test_reports"

    @property
    def _passwords_file(self) -> Path:
        return self.state / "airflow_users.json"

    def _write_ui_password(self) -> None:
        # Airflow would make up a password and print it into its log; a password that is there is left alone.
        self._passwords_file.unlink(missing_ok=True)
        self._passwords_file.touch(mode=0o600)
        self._passwords_file.write_text(json.dumps({USER: self.ui_password}) + "\n")

    def _run(self, name: str, environment: dict[str, str], program: str, *arguments: str) -> None:
        what = " ".join((program, *arguments))
        run([str(SCRIPTS / program), *arguments], environment, REPOSITORY, log=self.processes.log(name), what=what)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        missing = "the API server does not answer"
        while time.monotonic() < deadline:
            self.processes.require_alive()
            try:
                missing = self._what_is_missing()
            except ApiError as error:
                if error.status is not None and error.status < 500:
                    raise StepFailed(f"Airflow refuses: {error}", log=self.processes.log("api-server")) from None
            if not missing:
                self._make_pool()
                return
            time.sleep(0.3)
        raise StepFailed(
            f"Airflow is not ready after {_READY_SECONDS} s: {missing}", log=self.processes.log("scheduler")
        )

    def _what_is_missing(self) -> str:
        self.api.log_in()
        if errors := self.api.get("/importErrors")["import_errors"]:
            raise StepFailed(f"Airflow cannot load {errors[0]['filename']}:\n{errors[0]['stack_trace']}")
        health = self.api.get("/monitor/health")
        late = [part for part in ("scheduler", "dag_processor") if health[part]["status"] != "healthy"]
        absent = sorted(set(_dag_files(REPOSITORY / "dags")) - {dag["dag_id"] for dag in self.api.get("/dags")["dags"]})
        return ", ".join([*self.odoo_servers.silent(), *late, *(f"DAG {dag_id}" for dag_id in absent)])

    def _make_pool(self) -> None:
        try:
            self.api.post("/pools", {"name": SOURCES_POOL, "slots": 16, "description": "Clients read at the same time"})
        except ApiError as error:
            if error.status != 409:  # there already
                raise


def _dag_files(folder: Path) -> Iterable[str]:
    """Each DAG file is named like its DAG."""
    return (file.stem for file in folder.glob("*.py") if file.stem != "wiring")


_NO_TELEMETRY = {
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "SCARF_ANALYTICS": "false",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}
