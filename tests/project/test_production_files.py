"""docker-compose.yml, Dockerfile, .env.example: checked as far as that goes without a container engine."""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import yaml
from driftline.migrate import migrate

from demo.postgres import EmbeddedPostgres, programs_folder
from tests.conftest import make_settings

REPOSITORY = Path(__file__).resolve().parents[2]
COMPOSE = REPOSITORY / "docker-compose.yml"
SECRETS = {
    "POSTGRES_PASSWORD", "AIRFLOW_DB_PASSWORD", "WAREHOUSE_PASSWORD", "AIRFLOW_ADMIN_PASSWORD", "AIRFLOW_FERNET_KEY",
    "AIRFLOW_SECRET_KEY", "AIRFLOW_JWT_SECRET", "DRIFTLINE_HASH_SALT", "REDIS_PASSWORD", "ODOO_DB_PASSWORD",
}  # fmt: skip
LONG_RUNNING = {
    "postgres", "api-server", "scheduler", "dag-processor", "triggerer", "watch", "redis", "worker", "odoo", "odoo-db",
}  # fmt: skip
ONCE = {"databases", "init"}


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    return yaml.safe_load(COMPOSE.read_text())["services"]


def config(folder: Path, values: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    """Resolve the file as docker-compose would, with exactly these values."""
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("docker-compose is not installed (Debian: apt-get install docker-compose; no engine is needed)")
    shutil.copy(COMPOSE, folder)
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    return subprocess.run(
        [program, *options, "config"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def filled() -> dict[str, str]:
    return {name: f"value-of-{name.lower()}" for name in SECRETS}


def test_compose_accepts_the_file_once_everything_is_filled_in(tmp_path: Path) -> None:
    result = config(tmp_path, filled(), "--profile", "celery", "--profile", "odoo")
    assert result.returncode == 0, result.stderr
    resolved = yaml.safe_load(result.stdout)["services"]
    assert set(resolved) == LONG_RUNNING | ONCE
    address = resolved["scheduler"]["environment"]["DRIFTLINE_WAREHOUSE_URL"]
    assert address == "postgresql://driftline:value-of-warehouse_password@postgres:5432/warehouse"


def test_workers_and_a_real_odoo_start_only_when_asked_for(services: dict[str, dict[str, Any]]) -> None:
    profiles = {name: service["profiles"] for name, service in services.items() if "profiles" in service}
    assert profiles == {"redis": ["celery"], "worker": ["celery"], "odoo": ["odoo"], "odoo-db": ["odoo"]}


@pytest.mark.parametrize("missing", sorted(SECRETS))
@pytest.mark.parametrize("state", ["absent", "empty"])
def test_nothing_starts_without_a_secret(tmp_path: Path, missing: str, state: str) -> None:
    values = filled()
    del values[missing]
    if state == "empty":
        values[missing] = ""
    result = config(tmp_path, values)
    assert result.returncode != 0
    assert f"{missing} is not set, see .env.example" in result.stderr


def test_no_secret_has_a_default_or_stands_in_the_file(services: dict[str, dict[str, Any]]) -> None:
    text = COMPOSE.read_text()
    used = set(re.findall(r"\$\{([A-Z_]+)", text))
    looks_secret = {name for name in used if re.search("PASSWORD|KEY|SECRET|SALT", name)}
    assert looks_secret == SECRETS
    for name in SECRETS:
        assert not re.search(rf"\$\{{{name}:?-", text), f"{name} has a default"
    for service, declared in services.items():
        for name, value in (declared.get("environment") or {}).items():
            if re.search("PASSWORD|KEY|SECRET|SALT|CONN|URL$|BROKER|BACKEND", name) and "BASE_URL" not in name:
                assert "${" in str(value) or name.endswith("SERVER_URL"), f"{service}: {name} is written out"


def test_env_example_names_every_variable_and_fills_in_no_secret() -> None:
    lines = (REPOSITORY / ".env.example").read_text().splitlines()
    assignments = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", "\n".join(lines), flags=re.MULTILINE))
    assert set(assignments) == set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", COMPOSE.read_text()))
    assert {name for name in SECRETS if assignments[name]} == set()


def test_ports_are_published_on_loopback_only(services: dict[str, dict[str, Any]]) -> None:
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert len(published) == 3
    assert all(re.fullmatch(r"127\.0\.0\.1:\$\{[A-Z_]+:-\d+\}:\d+", port) for port in published), published


def test_images_are_pinned(services: dict[str, dict[str, Any]]) -> None:
    images = {name: service["image"] for name, service in services.items()}
    assert set(images) == LONG_RUNNING | ONCE
    for name, image in images.items():
        assert re.search(r":(\d+\.\d+|\$\{DRIFTLINE_VERSION:-\d+\.\d+\.\d+\})", image), f"{name}: {image}"
    assert images["odoo"] == "odoo:17.0"


def test_what_runs_on_is_restarted_and_watched(services: dict[str, dict[str, Any]]) -> None:
    for name in LONG_RUNNING:
        assert services[name]["restart"] == "unless-stopped", name
        assert services[name]["healthcheck"]["test"], name
    for name in ONCE:
        assert services[name]["restart"] == "no", name


def test_every_airflow_service_waits_for_the_migrations_and_has_no_rights(services: dict[str, dict[str, Any]]) -> None:
    own = [service for service in services.values() if str(service["image"]).startswith("driftline:")]
    assert len(own) == 7
    for service in own:
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        if service.get("command") != services["init"]["command"]:
            assert service["depends_on"]["init"] == {"condition": "service_completed_successfully"}


def test_the_image_holds_the_lock_and_runs_without_root() -> None:
    lines = (REPOSITORY / "Dockerfile").read_text().splitlines()
    assert re.fullmatch(r"FROM python:3\.1[123]-slim-bookworm", next(line for line in lines if line.startswith("FROM")))
    assert [line for line in lines if line.startswith("USER")] == ["USER driftline"]
    assert lines[-1] == "USER driftline"
    assert any("install --system --no-cache -r requirements.txt" in line for line in lines)


def test_the_image_copies_only_what_is_there_and_not_ignored() -> None:
    copied = re.findall(r"^COPY (.+) \S+$", (REPOSITORY / "Dockerfile").read_text(), flags=re.MULTILINE)
    sources = [source for line in copied for source in line.split()]
    assert len(sources) >= 8
    ignore = (REPOSITORY / ".dockerignore").read_text().splitlines()
    allowed = [line.removeprefix("!") for line in ignore if line.startswith("!")]
    assert ignore[0] == "*"
    for source in sources:
        assert (REPOSITORY / source).exists(), source
        assert any(fnmatch.fnmatch(source, pattern) for pattern in allowed), source


def test_nothing_phones_home() -> None:
    text = (REPOSITORY / "Dockerfile").read_text()
    for setting in (
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False", "SCARF_ANALYTICS=false", "DO_NOT_TRACK=1",
        "DBT_SEND_ANONYMOUS_USAGE_STATS=false", "GX_ANALYTICS_ENABLED=false",
    ):  # fmt: skip
        assert setting in text, setting


@pytest.fixture(scope="module")
def production_server() -> Any:
    """A server of its own: roles are the server's, and those of other tests stand in the way."""
    server = EmbeddedPostgres(REPOSITORY / "build" / f"test-production-{os.getpid()}").start()
    yield server
    server.stop("immediate")
    shutil.rmtree(server.folder, ignore_errors=True)


def run_databases_script(server: EmbeddedPostgres, *, airflow: str, warehouse: str) -> None:
    entrypoint = yaml.safe_load(COMPOSE.read_text())["services"]["databases"]["entrypoint"]
    arguments = [item for item in entrypoint[1:] if not item.startswith("--file=")]
    environment = {
        "PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGUSER": "postgres", "PGPASSWORD": server.password,
        "AIRFLOW_DB_PASSWORD": airflow, "WAREHOUSE_PASSWORD": warehouse, "PATH": os.environ["PATH"],
    }  # fmt: skip
    file = f"--file={REPOSITORY / 'docker-databases.sql'}"
    subprocess.run([programs_folder() / "psql", *arguments, file], env=environment, check=True, cwd="/")


def test_databases_and_roles_are_made_and_suffice_for_the_migrations(production_server: EmbeddedPostgres) -> None:
    run_databases_script(production_server, airflow="first", warehouse='it\'s "quoted" \\ $$')
    warehouse_url = production_server.url("warehouse", user="driftline", password='it\'s "quoted" \\ $$')
    migrate(make_settings(warehouse_url))
    with psycopg2.connect(warehouse_url) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from information_schema.tables where table_schema in ('ops', 'raw', 'review')")
        assert cursor.fetchall()[0][0] > 20


def test_the_databases_script_may_run_again_and_sets_new_passwords(production_server: EmbeddedPostgres) -> None:
    run_databases_script(production_server, airflow="first", warehouse="one")
    run_databases_script(production_server, airflow="second", warehouse="two")
    psycopg2.connect(production_server.url("airflow", user="airflow", password="second")).close()
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(production_server.url("airflow", user="airflow", password="first"))


def test_airflow_may_not_connect_to_the_warehouse(production_server: EmbeddedPostgres) -> None:
    run_databases_script(production_server, airflow="first", warehouse="one")
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
        psycopg2.connect(production_server.url("warehouse", user="airflow", password="first"))
