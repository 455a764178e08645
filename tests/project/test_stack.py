"""The local stack as `make demo` and `make up` start it: real Airflow and PostgreSQL, nothing open to the outside."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote
from urllib.request import ProxyHandler, build_opener

import psutil
import psycopg2
import pytest
from driftline.access_review.cycle import open_cycle
from driftline.access_review.importing import import_worksheet
from driftline.access_review.worksheet import export
from driftline.quarters import quarter_of
from openpyxl import load_workbook

from demo.airflow_api import AirflowApi, ApiError, Run
from demo.show import task_errors
from demo.stack import REPOSITORY, Ports, Stack
from tests.access_review.filling import lines, suggested, write
from tests.conftest import make_settings

WITH_SECRETS = ("vault.json", "airflow_users.json", "odoo-boreal.yml", "odoo-cordoba.yml")
LOOPBACK = {"127.0.0.1", "::1"}


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    stack = Stack(REPOSITORY / "build" / f"test-stack-{os.getpid()}", Ports.choose())
    try:
        stack.remove()
        stack.create(anchor_at=datetime.now(UTC))
        stack.start()
        yield stack
    finally:
        stack.remove()


@pytest.fixture(scope="module")
def mistyped(stack: Stack) -> Run:
    return run(stack, "nightly", {"clinet": "egret"})


@pytest.fixture(scope="module")
def night(stack: Stack, mistyped: Run) -> Run:
    return run(stack, "nightly", {"client": "egret"})


@pytest.fixture(scope="module")
def comparison(stack: Stack, night: Run) -> Run:
    return run(stack, "weekly_reconcile", {"client": "cordoba"})


def run(stack: Stack, dag_id: str, conf: dict[str, object]) -> Run:
    run_id = stack.api.trigger(dag_id, conf)
    return stack.api.wait(dag_id, run_id, seconds=300, check=stack.processes.require_alive, progress=print)


def query(url: str, statement: str) -> list[tuple]:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def family(stack: Stack) -> list[psutil.Process]:
    """Every process of the stack, PostgreSQL's included."""
    postmaster = int((stack.server.data / "postmaster.pid").read_text().splitlines()[0])
    parents = [*stack.processes.running().values(), psutil.Process(postmaster)]
    return [member for parent in parents for member in (parent, *parent.children(recursive=True))]


def secrets(stack: Stack) -> set[str]:
    values = json.loads((stack.state / "vault.json").read_text()).values()
    return {form for value in values for form in (value, quote(value, safe=""))}


def files_beside_the_servers(stack: Stack) -> list[Path]:
    """Every file of the stack but PostgreSQL's own, where the clients' databases lie."""
    return [path for path in stack.folder.rglob("*") if path.is_file() and stack.server.folder not in path.parents]


def test_nothing_listens_beyond_loopback(stack: Stack, night: Run, comparison: Run) -> None:
    # After both kinds of run, so that the workers have done whatever they do.
    pids = {process.pid for process in family(stack)}
    assert len(pids) > 5
    listening = [
        connection.laddr
        for connection in psutil.net_connections(kind="inet")
        if connection.pid in pids and (connection.status == psutil.CONN_LISTEN or not connection.raddr)
    ]
    assert {address.ip for address in listening} <= LOOPBACK
    assert len(stack.ports.odoo) == 2
    own = {stack.server.port, stack.ports.airflow, stack.ports.inbox, *stack.ports.odoo.values()}
    assert {address.port for address in listening} == own


def test_the_user_interface_answers(stack: Stack) -> None:
    with build_opener(ProxyHandler({})).open(stack.api.base_url, timeout=10) as answer:
        page = answer.read().decode()
    assert answer.status == 200
    assert "<title>Airflow</title>" in page


def test_the_printed_login_works_and_another_does_not(stack: Stack) -> None:
    api = AirflowApi(stack.api.base_url, user="admin", password=stack.ui_password)
    with pytest.raises(ApiError) as nobody:
        api.get("/dags")
    assert nobody.value.status == 401
    api.log_in()
    assert {dag["dag_id"] for dag in api.get("/dags")["dags"]} == {"nightly", "quarterly_review", "weekly_reconcile"}
    with pytest.raises(ApiError) as wrong:
        AirflowApi(stack.api.base_url, user="admin", password="guess").log_in()
    assert wrong.value.status == 401


def test_a_mistyped_key_is_refused_and_nothing_is_read_or_built(stack: Stack, mistyped: Run) -> None:
    states = {task.label: task.state for task in mistyped.tasks}
    assert mistyped.state == "failed"
    assert states["plan"] == states["finish_reading"] == "failed"
    assert states["read_client"] == states["build"] == states["publish"] == states["done"] == "upstream_failed"
    log = next(stack.logs.glob(f"tasks/dag_id=nightly/run_id={mistyped.run_id}/task_id=plan/attempt=*.log"))
    assert "run configuration: unknown key 'clinet'." in log.read_text()
    # Not tried again: the same call would fail the same way.
    assert [task.try_number for task in mistyped.tasks if task.label == "plan"] == [1]
    url = stack.databases.admin_url("warehouse")
    assert query(url, f"select count(*) from ops.night where night_id = '{mistyped.run_id}'") == [(0,)]


def test_a_night_for_one_client_reads_that_one_and_shows_its_name(stack: Stack, night: Run) -> None:
    assert night.not_successful == [], task_errors(night, stack.logs)
    assert night.state == "success"
    assert [task.label for task in night.tasks if task.task_id == "read_client"] == ["read_client[egret]"]
    url = stack.databases.admin_url("warehouse")
    states = f"select client_id, state from ops.client_run where night_id = '{night.run_id}'"
    assert query(url, states) == [("egret", "succeeded")]
    assert query(url, "select count(*) > 0 from raw.res_users where client_id = 'egret'") == [(True,)]


def test_a_comparison_of_one_client_compares_every_value_and_builds_nothing(stack: Stack, comparison: Run) -> None:
    assert comparison.not_successful == [], task_errors(comparison, stack.logs)
    labels = {"plan", "read_client[cordoba]", "finish_reading", "alert", "done"}
    assert {task.label for task in comparison.tasks} == labels
    url, night_id = stack.databases.admin_url("warehouse"), comparison.run_id
    nights = query(url, f"select kind, state, client_ids from ops.night where night_id = '{night_id}'")
    assert nights == [("reconcile", "finished", ["cordoba"])]
    compared = query(url, f"select client_id, verdict, count(*) from ops.reconciliation where night_id = '{night_id}'"
                          " group by 1, 2")  # fmt: skip
    present = query(stack.databases.admin_url("odoo_cordoba"), "select count(*) from res_users")
    assert [row[:2] for row in compared] == [("cordoba", "equal")]
    assert compared[0][2] > 50
    rows = "select row_count from ops.reconciliation where model = 'res.users'"
    assert query(url, rows) == present
    assert query(url, "select client_id, transport from ops.client_run order by 1") == [
        ("cordoba", "rpc"),
        ("egret", "postgres"),
    ]
    assert query(url, f"select count(*) from ops.build where night_id = '{night_id}'") == [(0,)]


def test_publication_tells_airflow_that_the_review_tables_have_changed(stack: Stack, night: Run) -> None:
    events = stack.api.get("/assets/events")["asset_events"]
    assert [(event["uri"], event["source_run_id"]) for event in events] == [
        ("driftline://warehouse/review", night.run_id)
    ]


def test_a_clients_server_knows_its_own_database_and_no_other_secret(stack: Stack) -> None:
    running = stack.processes.running()
    for client_id in ("boreal", "cordoba"):
        environment = running[f"odoo-{client_id}"].environ()
        assert environment.pop("DEMO_ODOO_DATABASE_URL") == stack.databases.server_url(client_id)
        text = " ".join(environment.values())
        assert [secret for secret in secrets(stack) if secret in text] == []


def test_a_clients_server_may_write_logins_only(stack: Stack) -> None:
    url = stack.databases.server_url("cordoba")
    assert query(url, "select count(*) > 0 from res_users") == [(True,)]
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        query(url, "update res_users set active = false returning id")


def test_no_process_shows_a_secret_in_its_arguments(stack: Stack) -> None:
    lines = [" ".join(command) for process in family(stack) if (command := _arguments(process))]
    assert any("scheduler" in line for line in lines)
    assert [line for line in lines for secret in secrets(stack) if secret in line] == []


def _arguments(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:  # it ended since it was listed
        return []


def test_no_secret_is_in_a_log_a_file_or_airflows_database(stack: Stack, night: Run, comparison: Run) -> None:
    known = {secret.encode() for secret in secrets(stack)}
    assert any(secret != quote(secret.decode(), safe="").encode() for secret in known), "no secret that needs encoding"
    kept = {stack.state / name for name in WITH_SECRETS}
    files = files_beside_the_servers(stack)
    assert len([path for path in files if path.suffix == ".log"]) > 10
    leaks = [path for path in set(files) - kept for secret in known if secret in path.read_bytes()]
    assert leaks == []
    url = stack.databases.admin_url("airflow")
    tables = [name for (name,) in query(url, "select tablename from pg_tables where schemaname = 'public'")]
    assert {"xcom", "rendered_task_instance_fields", "log"} <= set(tables)
    texts = {name: repr(query(url, f'select t::text from "{name}" t')).encode() for name in tables}
    assert [name for name, text in texts.items() for secret in known if secret in text] == []


def test_no_canary_of_a_clients_odoo_is_anywhere_after_a_whole_night(stack: Stack, night: Run, comparison: Run) -> None:
    for client_id in ("egret", "cordoba"):
        lies = "select count(*) > 0 from ir_config_parameter where value like 'CANARY-%'"
        assert query(stack.databases.admin_url(f"odoo_{client_id}"), lies) == [(True,)]
    warehouse = stack.databases.admin_url("warehouse")
    tables = query(
        warehouse,
        "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname !~ '^(pg_|information_schema)'",
    )
    assert len(tables) > 150
    leaking = " union all ".join(f"select '{name}' from {name} t where t::text ilike '%CANARY%'" for (name,) in tables)
    assert query(warehouse, leaking) == []
    files = [path for path in files_beside_the_servers(stack) if path.name not in WITH_SECRETS]
    assert {"data_docs", "dbt", "logs"} <= {path.relative_to(stack.folder).parts[0] for path in files}
    assert [path for path in files if b"CANARY" in path.read_bytes()] == []


def test_messages_data_docs_and_results_name_nobody(stack: Stack, night: Run) -> None:
    warehouse = stack.databases.admin_url("warehouse")
    logins = [login for (login,) in query(warehouse, "select login from raw.res_users where login like '%@%'")]
    assert len(logins) > 10
    said = {str(path): path.read_text() for path in (stack.folder / "data_docs").rglob("*.html")}
    assert len(said) > 40
    said["messages"] = stack.inbox_file.read_text()
    said["results"] = repr(query(warehouse, "select t::text from quality.check_result t"))
    said["kept"] = repr(query(warehouse, "select t::text from ops.alert_message t"))
    assert [(where, login) for where, text in said.items() for login in logins if login in text] == []


def test_files_with_secrets_are_for_their_owner_only(stack: Stack) -> None:
    for name in WITH_SECRETS:
        assert oct((stack.state / name).stat().st_mode)[-3:] == "600"


def test_the_analyst_reads_what_is_published_and_nothing_else(stack: Stack, night: Run) -> None:
    url = stack.databases.analyst_url
    assert query(url, "select distinct client_id from review.scorecard") == [("egret",)]
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        query(url, "select * from raw.res_users")


@pytest.fixture(scope="module")
def review(stack: Stack, night: Run, comparison: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The running quarter's review, with a review of egret's access that is open and of which everything is decided."""
    folder, moment = tmp_path_factory.mktemp("review"), datetime.now(UTC).replace(microsecond=0)
    policies = Path(shutil.copytree(REPOSITORY / "config" / "policies", folder / "policies"))
    text = (policies / "access_review.yml").read_text()
    assert "\nclients: {}\n" in text
    owners = "{owner: cfo@egret.example, administrators_owner: ceo@egret.example}"
    (policies / "access_review.yml").write_text(text.replace("\nclients: {}\n", f"\nclients: {{egret: {owners}}}\n"))
    settings = make_settings(
        stack.databases.warehouse_url, clients_file=stack.clients_file, build_folder=folder, policies_from=policies
    )
    which = {"client_id": "egret", "quarter": quarter_of(moment)}
    open_cycle(settings, **which, by="K. Ioannou", now=moment)
    (exported,) = export(settings, **which, folder=folder, now=moment)
    book = load_workbook(exported.files[0])
    for sheet, row, cells in lines(book):
        decided_at = moment.replace(tzinfo=None)  # egret's clock is UTC
        write(sheet, row, decision=suggested(cells), note="asked the team", decided_by=cells["reviewer"])
        write(sheet, row, decided_at=decided_at)
        if cells["kind"] == "conflict":
            write(sheet, row, owner="K. Ioannou", until=decided_at + timedelta(days=90))
    book.save(exported.files[0])
    import_worksheet(settings, **which, path=exported.files[0], by="M. Papas", sign_off="TICKET-7", now=moment)
    return run(stack, "quarterly_review", {"quarter": which["quarter"]})


def test_the_approval_of_a_quarter_closes_a_finished_review_of_access(stack: Stack, review: Run) -> None:
    states = {task.task_id: task.state for task in review.tasks}
    assert states["close_access"] == states["publish"] == "success", task_errors(review, stack.logs)
    assert "- egret: finished" in stack.api.xcom(review, "propose")["text"].splitlines()
    assert stack.api.xcom(review, "close_access") == {"egret": "closed"}
    url = stack.databases.admin_url("warehouse")
    answered = query(url, "select decided_by, comment, outcome from ops.review_decision")
    closed = query(url, "select closed_by, close_comment, closed_at > opened_at from ops.access_cycle")
    assert answered == [("admin", "approved by the demo", "approved")]
    assert closed == [("admin", "approved by the demo", True)]


def test_stopping_leaves_no_process_behind(tmp_path: Path) -> None:
    from demo.processes import Processes

    processes = Processes(tmp_path / "register.json", tmp_path)
    processes.start("sleeper", ["sh", "-c", "sleep 60 & sleep 60"], os.environ, tmp_path)
    members = [member for parent in processes.running().values() for member in (parent, *parent.children())]
    # Another object, as `make down` is another program than `make up`.
    Processes(tmp_path / "register.json", tmp_path).stop()
    assert members
    assert [member for member in members if member.is_running() and member.status() != psutil.STATUS_ZOMBIE] == []
    assert processes.running() == {}


def test_an_interruption_waits_until_the_started_process_is_known(tmp_path: Path) -> None:
    from demo.processes import Processes, uninterrupted

    processes = Processes(tmp_path / "register.json", tmp_path)

    def start_while_somebody_presses_ctrl_c() -> None:
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            processes.start("sleeper", ["sleep", "60"], os.environ, tmp_path)

    try:
        with pytest.raises(KeyboardInterrupt):
            start_while_somebody_presses_ctrl_c()
        assert set(processes.running()) == {"sleeper"}
    finally:
        processes.stop()
    assert processes.running() == {}
