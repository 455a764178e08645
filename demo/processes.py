"""Starts the demo's background processes, remembers them in a file, and ends exactly those.

The file outlives the process that wrote it: `make down`, or the next start after a crash, can still end them. What the
processes do does not belong here.
"""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

_GRACE_SECONDS = 15


class StepFailed(RuntimeError):
    """A step of the demo did not do its work; the message says which, the log says why."""

    def __init__(self, message: str, *, log: Path | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.log = log
        self.hint = hint


@dataclass(frozen=True)
class _Entry:
    name: str
    pid: int
    created_at_epoch: float

    def find(self) -> psutil.Process | None:
        """Give the process if it still is the one that was started: the system uses numbers again."""
        try:
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.created_at_epoch) < 0.01 and process.status() != psutil.STATUS_ZOMBIE:
                return process
        except psutil.NoSuchProcess:
            pass
        return None


class Processes:
    """The background processes of one stack, each in a process group of its own, with its output in a log file."""

    def __init__(self, register: Path, log_folder: Path) -> None:
        self._register = register
        self._log_folder = log_folder
        self._children: dict[int, subprocess.Popen[bytes]] = {}

    def log(self, name: str) -> Path:
        return self._log_folder / f"{name}.log"

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        """Start one process in the background. Secrets come in `environment`: an argument list is public."""
        self._log_folder.mkdir(parents=True, exist_ok=True)
        with uninterrupted(), self.log(name).open("ab") as log:
            child = subprocess.Popen(
                command,
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C must reach only the demo itself, which then ends them in order
            )
            self._children[child.pid] = child
            self._write([*self._entries(), _Entry(name, child.pid, psutil.Process(child.pid).create_time())])

    def require_alive(self) -> None:
        """Raise StepFailed naming the first process that has ended by itself."""
        for child in self._children.values():
            child.poll()
        for entry in self._entries():
            if entry.find() is None:
                raise StepFailed(f"{entry.name} has ended by itself", log=self.log(entry.name))

    def running(self) -> dict[str, psutil.Process]:
        """Give the processes that run, by name."""
        found = {entry.name: entry.find() for entry in self._entries()}
        return {name: process for name, process in found.items() if process is not None}

    def stop(self) -> None:
        """End all of them with everything they started; do nothing where none runs."""
        parents = list(self.running().values())
        families = {member for parent in parents for member in _family(parent)}
        for parent in parents:
            # Only the parents: a scheduler whose workers are ended behind its back waits for them in vain.
            with suppress(psutil.NoSuchProcess):
                parent.terminate()
        _, stubborn = psutil.wait_procs(families, timeout=_GRACE_SECONDS)
        for process in stubborn:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(stubborn, timeout=_GRACE_SECONDS)
        for child in self._children.values():
            child.poll()
        self._children.clear()
        self._register.unlink(missing_ok=True)

    def _entries(self) -> list[_Entry]:
        if not self._register.exists():
            return []
        return [_Entry(**entry) for entry in json.loads(self._register.read_text())]

    def _write(self, entries: list[_Entry]) -> None:
        self._register.parent.mkdir(parents=True, exist_ok=True)
        self._register.write_text(json.dumps([asdict(entry) for entry in entries], indent=1))


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Put off Ctrl-C and its like to the end of the block: what is started must be known before it can be ended."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pending: list[int] = []
    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    previous = {number: signal.signal(number, lambda came, _: pending.append(came)) for number in wanted}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        for number in pending:
            signal.raise_signal(number)


def _family(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def run(command: Sequence[str], environment: Mapping[str, str], folder: Path, *, log: Path, what: str) -> None:
    """Run one command to its end, its output in `log`; raise StepFailed when it fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        result = subprocess.run(
            command,
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
        )
    if result.returncode != 0:
        raise StepFailed(f"{what} failed with exit code {result.returncode}", log=log)
