"""`make up` and `make down`: the demo's stack, kept running. It goes on from a finished demo where there is one."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from demo.locking import only_one
from demo.postgres import free_port
from demo.processes import StepFailed
from demo.show import print_step_failure
from demo.stack import REPOSITORY, USER, Ports, Stack

_BUILD = REPOSITORY / "build"
# Addresses that stay the same from one `make up` to the next, as long as nobody else uses the port.
_AIRFLOW_PORT = 8080
_POSTGRES_PORT = 15432


def up(folder: Path) -> int:
    """Start the stack in `folder` and print how to reach it; where it runs already, only print."""
    stack = Stack(folder, _known_ports(folder) or _choose_ports())
    if not stack.is_running:
        stack.stop()  # what a crash may have left
        stack = Stack(folder, _choose_ports())
        try:
            _start(stack)
        except BaseException as failure:
            stack.stop()
            if not isinstance(failure, StepFailed):
                raise
            print_step_failure(failure, logs=stack.logs)
            return 1
    _print_addresses(stack)
    return 0


def down(folder: Path) -> int:
    """Stop the stack; its data stay for the next `make up`."""
    ports = _known_ports(folder)
    if ports is None:
        print("Nothing to stop: there was no `make up` here.")
        return 0
    Stack(folder, ports).stop()
    print(f"Stopped. The data stay in {folder.relative_to(REPOSITORY)}; remove that folder to begin afresh.")
    return 0


def _start(stack: Stack) -> None:
    if not stack.is_created:
        stack.remove()
        if not _continue_from_demo(stack):
            print("Making databases, demo clients and warehouse …", flush=True)
            stack.create(anchor_at=datetime.now(UTC))
    _ports_file(stack.folder).write_text(json.dumps(asdict(stack.ports)))
    print("Starting PostgreSQL and Airflow …", flush=True)
    stack.start()


def _continue_from_demo(stack: Stack) -> bool:
    demo = _BUILD / "demo"
    with only_one(_BUILD / "demo.lock", what="make demo"):
        if not (demo / "result.json").exists():
            return False
        print("Going on from the last `make demo` …", flush=True)
        # cp, because shutil does not keep the owner, and PostgreSQL insists on its own.
        subprocess.run(["cp", "-a", str(demo), str(stack.folder)], check=True)
        shutil.rmtree(stack.logs / "dag_processor", ignore_errors=True)
    return True


def _print_addresses(stack: Stack) -> None:
    print(f"""
Airflow        {stack.api.base_url}   user {USER}   password {stack.ui_password}
warehouse      {stack.databases.analyst_url}
               (role 'analyst': reads what is published, nothing else; for psql or a BI tool)
clients' Odoo   {_odoo_servers(stack)}
review pages   {stack.review_folder}
a night        in Airflow: DAG nightly, Trigger; a quarter: DAG quarterly_review
messages       {stack.inbox_file}
stop           make down""")


def _odoo_servers(stack: Stack) -> str:
    return ", ".join(f"{client_id} {stack.odoo_servers.url(client_id)}" for client_id in stack.ports.odoo)


def _choose_ports() -> Ports:
    return Ports.choose(postgres=_free_or_other(_POSTGRES_PORT), airflow=_free_or_other(_AIRFLOW_PORT))


def _free_or_other(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return free_port()
    return port


def _known_ports(folder: Path) -> Ports | None:
    file = _ports_file(folder)
    return Ports(**json.loads(file.read_text())) if file.exists() else None


def _ports_file(folder: Path) -> Path:
    return folder / "state" / "ports.json"


if __name__ == "__main__":
    sys.exit({"up": up, "down": down}[sys.argv[1]](_BUILD / "up"))
