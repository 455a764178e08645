"""A reading that is killed, or whose warehouse restarts under it, leaves the last good state; the next run goes on."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import psycopg2
import pytest
from conftest import REPOSITORY, Warehouse, make_settings, run_autocommit, run_sql
from driftline import night
from driftline.errors import WarehouseError
from driftline.migrate import migrate
from nights import plan_night
from remote_nights import NOW, Remote, serve

from demo.postgres import EmbeddedPostgres, free_port
from demo.server import Between

READ = """
import os, sys
from driftline import night
from driftline.settings import Settings
from remote_nights import few_models
night.load_catalogue = few_models
night.read_client(
    Settings.from_environment(), night_id=sys.argv[1], client_id="aegean", connection=os.environ["SOURCE"]
)
"""


@pytest.fixture
def direct(remote) -> Remote:
    """The same client, read from its database; its registry lets the address decide."""
    return replace(remote, direct=True)


def start(remote: Remote, number: int) -> subprocess.Popen[bytes]:
    """Begin night `number` in a process of its own."""
    settings = remote.warehouse.settings
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "DRIFTLINE"))},
        "PYTHONPATH": os.pathsep.join(str(REPOSITORY / folder) for folder in ("plugins", ".", "tests")),
        "DRIFTLINE_WAREHOUSE_URL": settings.warehouse_url,
        "DRIFTLINE_CLIENTS_FILE": str(settings.clients_file),
        "DRIFTLINE_HASH_SALT": settings.hash_salt,
        "SOURCE": remote.url,
    }
    night_id = plan_night(remote.warehouse, number)
    return subprocess.Popen([sys.executable, "-c", READ, night_id], env=environment, stderr=subprocess.PIPE)


def wait_until_gone(url: str) -> None:
    """Wait until the warehouse has noticed that the process is no more."""
    query = (
        "select count(*) from pg_stat_activity where datname = current_database() and application_name like 'drift%'"
    )
    deadline = time.monotonic() + 30
    while run_sql(url, query) != [(0,)]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def make_changes(remote: Remote, number: int) -> None:
    remote.change(
        f"update res_partner set name = 'n {number}', write_date = {NOW} where id % 7 = {number % 7}",
        f"update helpdesk_ticket set name = 't {number}', write_date = {NOW} where id % 5 = {number % 5}",
        f"insert into res_partner (id, name, create_date, write_date) select {810000 + number}, 'new', {NOW}, {NOW}",
        "delete from account_analytic_line where id = (select min(id) from account_analytic_line)",
        "delete from res_groups_users_rel where (uid, gid) = (select uid, gid from res_groups_users_rel limit 1)",
    )


def kill_and_go_on(remote: Remote, number: int, *, kill_at_call: int | None, seconds: float) -> bool:
    """Kill a night at a moment, look that nothing of it is there, do it again; say whether it was killed in time."""
    before = remote.landed()
    make_changes(remote, number)
    process = start(remote, number)
    if kill_at_call is not None:
        planned = remote.server.faults.add(Between(lambda: process.send_signal(signal.SIGKILL)), after=kill_at_call)
    else:
        _wait_until_running(remote, number, process)
        time.sleep(seconds)
        process.kill()
    _, said = process.communicate(timeout=60)
    remote.server.faults.clear()
    wait_until_gone(remote.warehouse.url)
    was_killed = process.returncode == -signal.SIGKILL
    assert was_killed or process.returncode == 0, said.decode()[-2000:]
    assert not was_killed or kill_at_call is None or planned.hits == 1
    # The run's state commits with the rows: killed on its way out, a night is whole already.
    if remote.rows("select state from ops.client_run where night_id = %s", f"night {number}") == [("succeeded",)]:
        was_killed = False
        assert remote.unlike_source() == []
    else:
        assert remote.landed() == before
    remote.night(number)
    assert remote.unlike_source() == []
    verdicts = remote.rows("select distinct verdict from ops.completeness where night_id = %s", f"night {number}")
    assert verdicts == [("complete",)]
    return was_killed


def _wait_until_running(remote: Remote, number: int, process: subprocess.Popen[bytes]) -> None:
    query = "select state from ops.client_run where night_id = %s"
    while not remote.rows(query, f"night {number}"):
        assert process.poll() is None
        time.sleep(0.02)


def test_a_reading_over_rpc_that_is_killed_leaves_the_last_good_state(remote):
    remote.night(1)
    assert kill_and_go_on(remote, 2, kill_at_call=25, seconds=0)


def test_a_direct_reading_that_is_killed_leaves_the_last_good_state(direct):
    direct.night(1)
    blocker = psycopg2.connect(direct.database_url)
    with blocker.cursor() as cursor:
        # It stops here for as long as it takes, with the tables before this one read.
        cursor.execute("lock table res_partner in access exclusive mode")
        before = direct.landed()
        process = start(direct, 2)
        _wait_until_running(direct, 2, process)
        time.sleep(0.5)
        process.kill()
        process.wait()
        blocker.rollback()
    blocker.close()
    wait_until_gone(direct.warehouse.url)
    assert direct.landed() == before
    kill_and_go_on(direct, 3, kill_at_call=None, seconds=0.1)


@pytest.mark.heavy
def test_readings_killed_at_many_moments_leave_the_last_good_state(remote, direct):
    rng = random.Random(7)
    for client, nights in ((remote, range(1, 15)), (direct, range(15, 29))):
        client.night(nights[0])
        killed = 0
        for number in nights[1:]:
            if client.direct:
                killed += kill_and_go_on(client, number, kill_at_call=None, seconds=rng.uniform(0, 1.2))
            else:
                killed += kill_and_go_on(client, number, kill_at_call=rng.randrange(1, 90), seconds=0)
        assert killed >= 5


@pytest.fixture
def restarting(tmp_path):
    """A warehouse on a server of its own, which can be restarted."""
    folder = REPOSITORY / "build" / f"restarting-postgres-{os.getpid()}"
    # The other servers here may forget the last second at a crash; this one has to keep what it committed.
    server = EmbeddedPostgres(folder, port=free_port(), settings={"synchronous_commit": "on"}).start()
    run_autocommit(server.url(), "create database warehouse")
    url = server.url("warehouse")
    migrate(make_settings(url))
    yield server, Warehouse(url=url, settings=make_settings(url))
    server.stop("immediate")
    shutil.rmtree(server.folder, ignore_errors=True)


def test_a_warehouse_that_restarts_in_mid_load_keeps_nothing_of_the_night(
    few_models_only, restarting, odoo_source, tmp_path
):
    server, warehouse = restarting
    serving = serve(warehouse, odoo_source, tmp_path, client_id="aegean", version="17.0")
    remote = next(serving)
    remote.night(1)
    before = remote.landed()
    make_changes(remote, 2)

    is_back = threading.Event()

    def restart() -> None:
        server.stop("immediate")
        server.start()
        is_back.set()

    remote.server.faults.add(Between(restart), model="helpdesk.ticket", method="search_read", after=1)
    with pytest.raises(WarehouseError) as caught:
        remote.night(2)
    assert caught.value.is_retryable
    assert is_back.wait(60)
    assert remote.landed() == before
    night.finish(remote.warehouse.settings, night_id="night 2")
    assert remote.rows("select state, error_class from ops.client_run where night_id = 'night 2'") == [
        ("failed", "Interrupted")
    ]
    remote.night(2)
    assert remote.unlike_source() == []
    serving.close()
