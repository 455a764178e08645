"""The demo clients that are read over the network: each one's Odoo server, and the account that reads there.

A client is served where `demo/truth.yml` names a reading account. How a server answers is `demo.server`'s business.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

from demo import odoo
from demo.databases import Databases, client_database
from demo.processes import Processes
from demo.vault import Vault

_JSON2_SINCE = 19
_INHERITED = ("PATH", "HOME", "LANG", "VIRTUAL_ENV")


class OdooServers:
    """One process per served client, on loopback; secrets reach it by environment and by a file for its owner only."""

    def __init__(self, databases: Databases, vault: Vault, folder: Path, ports: Mapping[str, int]) -> None:
        self._databases = databases
        self._vault = vault
        self._folder = folder
        self.ports = ports

    @property
    def names(self) -> set[str]:
        """The processes' names."""
        return {_name(client_id) for client_id in self.ports}

    def url(self, client_id: str) -> str:
        """Where a client's Odoo answers."""
        return f"http://127.0.0.1:{self.ports[client_id]}"

    def address(self, client_id: str) -> str:
        """The address the platform reads a served client with."""
        login, secret = quote(_login(client_id), safe=""), quote(self._secret(client_id), safe="")
        return f"http://{login}:{secret}@127.0.0.1:{self.ports[client_id]}/{client_database(client_id)}"

    def start(self, processes: Processes, folder: Path) -> None:
        """Start all of them; they answer a moment later."""
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        for client_id, port in self.ports.items():
            command = [
                sys.executable, "-m", "demo.server", "--version", _version(client_id), "--host", "127.0.0.1",
                "--port", str(port), "--accounts", str(self._write_accounts(client_id)),
                *_code(client_id),
            ]  # fmt: skip
            environment = inherited | {"DEMO_ODOO_DATABASE_URL": self._databases.server_url(client_id)}
            processes.start(_name(client_id), command, environment, folder)

    def silent(self) -> list[str]:
        """Name the servers that do not answer yet."""
        return sorted(_name(client_id) for client_id, port in self.ports.items() if not _is_open(port))

    def _write_accounts(self, client_id: str) -> Path:
        login, secret = _login(client_id), self._secret(client_id)
        accounts = {"api_keys": {secret: login}} if _wants_key(client_id) else {"users": {login: secret}}
        file = self._folder / f"{_name(client_id)}.yml"
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_text(json.dumps(accounts) + "\n")
        return file

    def _secret(self, client_id: str) -> str:
        return self._vault.password(f"odoo {client_id}", is_awkward=not _wants_key(client_id))


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def served_clients() -> Iterable[str]:
    """Name the clients that are read over the network."""
    return [client_id for client_id, truth in odoo.load_truth().clients.items() if truth.reading_account]


def _login(client_id: str) -> str:
    return str(odoo.load_truth().clients[client_id].reading_account)


def _version(client_id: str) -> str:
    return odoo.load_truth().clients[client_id].odoo_version


def _code(client_id: str) -> list[str]:
    """Say what code runs there: its build, and modules that wait for their update."""
    truth = odoo.load_truth().clients[client_id]
    build = ["--build", truth.server_build] if truth.server_build else []
    return [*build, *(f"--on-disk={module}={version}" for module, version in truth.newer_on_disk.items())]


def _wants_key(client_id: str) -> bool:
    """JSON-2 takes API keys only."""
    return int(_version(client_id).split(".")[0]) >= _JSON2_SINCE


def _name(client_id: str) -> str:
    return f"odoo-{client_id}"
