"""`make demo`: two nights and one quarterly review over the demo clients, through real Airflow; then a look at it all.

Exit code 0 only if every step did its work. With `--stop-client` one client's database refuses night two: then that
client's task must be red, everything else done, and one message must say so.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from driftline.quarters import quarter_of

from demo import odoo
from demo.airflow_api import Run
from demo.databases import client_database
from demo.locking import only_one
from demo.processes import StepFailed
from demo.result import Result, find_problems, gather, run_problems
from demo.show import print_problems, print_result, print_step_failure, task_errors
from demo.stack import REPOSITORY, Ports, Stack

_RUN_SECONDS = 300


class Demo:
    """One demonstration, step by step, with the time each step took."""

    def __init__(self, stack: Stack, *, stopped: str | None) -> None:
        self.stack = stack
        self.stopped = stopped
        self.seconds: dict[str, float] = {}
        self.runs: list[Run] = []

    def play(self) -> tuple[Result, list[str]]:
        """Do every step; raise StepFailed where one cannot go on."""
        now = datetime.now(UTC)
        with self._step("create databases, demo clients and warehouse"):
            self.stack.create(anchor_at=now)
        with self._step("start Airflow"):
            self.stack.start()
        with self._step("night one"):
            self._run("nightly")
        with self._step("life goes on at the clients"):
            self._plant_night_two()
        with self._step("night two"):
            self._run("nightly")
        with self._step("quarterly review"):
            # The running quarter: of the one before, these clients have tickets but no history of anything else.
            self._run("quarterly_review", {"quarter": quarter_of(now)})
        with self._step("look at everything"):
            result = self._gather()
            return result, self._find_problems(result)

    def _run(self, dag_id: str, conf: dict[str, str] | None = None) -> None:
        run_id = self.stack.api.trigger(dag_id, conf)
        try:
            run = self.stack.api.wait(
                dag_id, run_id, seconds=_RUN_SECONDS, check=self.stack.processes.require_alive, progress=_say
            )
        except TimeoutError as error:
            raise StepFailed(str(error), log=self.stack.processes.log("scheduler")) from None
        self.runs.append(run)
        if problems := run_problems(run, len(self.runs) - 1, self.stopped):
            raise StepFailed(
                "\n  ".join([f"{dag_id} did not do its work", *problems, *task_errors(run, self.stack.logs)])
            )

    def _plant_night_two(self) -> None:
        for client_id in odoo.CLIENT_IDS:
            url = self.stack.databases.admin_url(client_database(client_id))
            odoo.plant_night_two(url, client_id, at=datetime.now(UTC))
        if self.stopped:
            self.stack.databases.refuse_connections(self.stopped)
            _say(f"the database of {self.stopped} refuses connections from now on")

    def _gather(self) -> Result:
        return gather(self.stack.databases.admin_url("warehouse"), runs=self.runs, seconds=self.seconds)

    def _find_problems(self, result: Result) -> list[str]:
        quarter = self._reviewed_quarter()
        problems = find_problems(
            result, runs=self.runs, quarter=quarter, pages=self.stack.review_folder, stopped=self.stopped
        )
        messages = self.stack.messages()
        if not messages:
            problems.append("no message came in")
        if self.stopped and sum(self.stopped in message["message"] for message in messages) != 1:
            problems.append(f"expected one message that names {self.stopped}")
        return problems

    def _reviewed_quarter(self) -> str:
        run = self.runs[-1]
        return str(self.stack.api.xcom(run, "choose_quarter"))

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        print(f"▸ {name}", flush=True)
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = time.monotonic() - started


def main() -> int:
    arguments = _parse_arguments()
    folder: Path = arguments.folder.resolve()
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    with only_one(folder.with_suffix(".lock"), what="make demo"):
        stack = Stack(folder, Ports.choose())
        stack.remove()
        demo = Demo(stack, stopped=arguments.stop_client)
        try:
            result, problems = demo.play()
        except StepFailed as failure:
            print_step_failure(failure, logs=stack.logs, messages=stack.messages())
            return 1
        except KeyboardInterrupt:
            print("\nInterrupted; everything that was started is being stopped.", file=sys.stderr)
            return 130
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave half of it running
            stack.stop()
        result.write(folder / "result.json")
        print_result(result, messages=stack.messages(), folder=folder)
        print_problems(problems)
        return 1 if problems else 0


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--stop-client", metavar="CLIENT", type=lambda text: text or None, default=None)
    parser.add_argument("--folder", type=Path, default=REPOSITORY / "build" / "demo", help="where everything is made")
    arguments = parser.parse_args()
    if arguments.stop_client and arguments.stop_client not in odoo.CLIENT_IDS:
        parser.error(f"no demo client '{arguments.stop_client}'. Known: {', '.join(odoo.CLIENT_IDS)}")
    return arguments


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _say(text: str) -> None:
    print(f"  {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
