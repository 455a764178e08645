"""Publishers killed at random moments, a warehouse that restarts: readers never see a mix, a gap or a long wait."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta

import psycopg2
import pytest
from conftest import REPOSITORY, Warehouse, make_settings, run_autocommit
from driftline import publish, quality
from driftline.migrate import migrate

from demo.postgres import EmbeddedPostgres, free_port
from tests.quality import candidates
from tests.quality.candidates import AS_OF_AT, BUILD_ID, NOW
from tests.quality.candidates import ROWS_PER_CLIENT as ROWS

CLIENTS = [f"client_{number:02d}" for number in range(40)]
LONGEST_WAIT_SECONDS = 0.2

# Publishes the same two builds in turn until it is killed; a line says when it begins and when it has ended.
PUBLISHER = """
import sys
from datetime import datetime, timedelta, UTC
from driftline import publish
from driftline.settings import Settings
settings = Settings.from_environment()
print("ready", flush=True)
for line in sys.stdin:
    print(publish.publish(settings, build_id=line.strip(), now=datetime.now(UTC)).row_counts, flush=True)
"""


@dataclass
class Reader:
    """Reads all tables in one statement, over and over, and keeps what was wrong."""

    url: str
    read_count: int = 0
    longest_seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)
    builds: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        union = " union all ".join(f"select client_id, '{name}' as name, build_id from review.{name}" for name in ROWS)
        query = (
            "select client_id, count(distinct build_id), min(build_id), jsonb_object_agg(name, count) from (select"
            f" client_id, name, build_id, count(*) from ({union}) r group by 1, 2, 3) g group by 1"
        )
        connection = psycopg2.connect(self.url)
        connection.autocommit = True
        with connection.cursor() as cursor:
            # CPU that others take is no lock: the server says how long the reader waited for one.
            cursor.execute(f"set lock_timeout = '{int(LONGEST_WAIT_SECONDS * 1000)}ms'")
            while not self._stop.is_set():
                started = time.monotonic()
                try:
                    cursor.execute(query)
                except psycopg2.errors.LockNotAvailable:
                    self.wrong.append("waited for a lock")
                    continue
                rows = cursor.fetchall()
                self.longest_seconds = max(self.longest_seconds, time.monotonic() - started)
                self.read_count += 1
                self.builds |= {row[2] for row in rows}
                if len(rows) != len(CLIENTS):
                    self.wrong.append(f"{len(rows)} clients")
                self.wrong += [f"{row[0]}: {row[1:]}" for row in rows if row[1] != 1 or row[3] != ROWS]
                if len({row[2] for row in rows}) != 1:
                    self.wrong.append("two builds at once")
        connection.close()


@pytest.fixture
def published(warehouse) -> Warehouse:
    """Forty clients, published once, with another checked build as candidates."""
    candidates.make_tables(warehouse)
    candidates.fill(warehouse, CLIENTS)
    quality.check(warehouse.settings, build_id=BUILD_ID, now=NOW)
    publish.publish(warehouse.settings, build_id=BUILD_ID, now=NOW)
    return warehouse


def next_candidates(warehouse: Warehouse, number: int) -> str:
    """Replace the candidates by another build whose gates are open."""
    build_id = f"build-{number}"
    candidates.next_build(
        warehouse, CLIENTS, build_id=build_id, night_id=f"night-{number}", as_of_at=AS_OF_AT + timedelta(hours=number)
    )
    warehouse.rows(
        "insert into quality.gate select build_id, client_id, true, '', now(), 'nightly' from ops.build_client"
        " where build_id = %s",
        build_id,
    )
    return build_id


def start(warehouse: Warehouse) -> subprocess.Popen[str]:
    settings = warehouse.settings
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "DRIFTLINE"))},
        "PYTHONPATH": str(REPOSITORY / "plugins"),
        "DRIFTLINE_WAREHOUSE_URL": settings.warehouse_url,
        "DRIFTLINE_CLIENTS_FILE": str(settings.clients_file),
        "DRIFTLINE_HASH_SALT": settings.hash_salt,
    }
    process = subprocess.Popen(
        [sys.executable, "-c", PUBLISHER], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def kill_publishers(warehouse: Warehouse, count: int, *, seed: int) -> tuple[Reader, int]:
    """Kill so many publishers, each within its publication; give the reader and how many had not committed."""
    chance = random.Random(seed)
    longest = 0.05
    reader = Reader(warehouse.url)
    try:
        undone = 0
        for number in range(2, count + 2):
            build_id = next_candidates(warehouse, number)
            process = start(warehouse)
            assert process.stdin
            process.stdin.write(f"{build_id}\n")
            process.stdin.flush()
            time.sleep(chance.uniform(0, longest))
            process.send_signal(signal.SIGKILL)
            process.wait()
            process.stdin.close()
            wait_until_gone(warehouse)
            ((done,),) = warehouse.rows("select count(*) from review.publication where build_id = %s", build_id)
            assert done in (0, len(CLIENTS))
            undone += not done
            # As long as about half of them are killed before they are done, the moments lie all over the publication.
            longest *= 1.3 if not done else 0.9
    finally:
        reader.stop()
    return reader, undone


def wait_until_gone(warehouse: Warehouse) -> None:
    query = (
        "select count(*) from pg_stat_activity where application_name = 'driftline publish'"
        " and datname = current_database()"
    )
    deadline = time.monotonic() + 30
    while warehouse.rows(query) != [(0,)]:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def check_reader(reader: Reader, undone: int, count: int) -> None:
    print(
        f"{count} kills, {undone} before the commit, {reader.read_count} reads, {len(reader.wrong)} mixed,"
        f" longest {reader.longest_seconds * 1000:.0f} ms, {len(reader.builds)} builds seen"
    )
    assert reader.wrong == []
    assert reader.read_count > count
    assert 0 < undone < count


def test_publishers_killed_within_a_publication_leave_no_mix(published):
    reader, undone = kill_publishers(published, 8, seed=7)
    check_reader(reader, undone, 8)


@pytest.mark.heavy
def test_a_hundred_publishers_killed_leave_no_mix(published):
    reader, undone = kill_publishers(published, 120, seed=11)
    check_reader(reader, undone, 120)


def test_a_warehouse_that_restarts_between_gate_and_publication_publishes_once_it_is_back():
    folder = REPOSITORY / "build" / f"restarting-publication-{os.getpid()}"
    server = EmbeddedPostgres(folder, port=free_port(), settings={"synchronous_commit": "on"}).start()
    try:
        run_autocommit(server.url(), "create database warehouse")
        url = server.url("warehouse")
        warehouse = Warehouse(url=url, settings=make_settings(url))
        migrate(warehouse.settings)
        candidates.make_tables(warehouse)
        candidates.fill(warehouse, CLIENTS[:3])
        quality.check(warehouse.settings, build_id=BUILD_ID, now=NOW)
        server.stop("immediate")
        from driftline.errors import WarehouseError

        with pytest.raises(WarehouseError, match="cannot be reached") as caught:
            publish.publish(warehouse.settings, build_id=BUILD_ID, now=NOW)
        assert caught.value.is_retryable
        server.start()
        assert warehouse.rows("select count(*) from review.scorecard") == [(0,)]
        assert warehouse.rows("select count(*) from quality.gate where is_open") == [(3,)]
        report = publish.publish(warehouse.settings, build_id=BUILD_ID, now=NOW)
        assert report.published_client_ids == tuple(CLIENTS[:3])
    finally:
        server.stop("immediate")
        shutil.rmtree(server.folder, ignore_errors=True)
