"""A demo client after one night, whose access can be reviewed; each test gets a copy of that warehouse."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from driftline import night, transform, transform_register
from driftline.access_review.cycle import open_cycle
from driftline.access_review.worksheet import Exported, export
from driftline.settings import Settings
from openpyxl import Workbook, load_workbook

from demo.odoo.creation import create
from tests.conftest import REPOSITORY, Warehouse, make_settings, run_autocommit, run_sql

CLIENT, QUARTER = "aegean", "2026Q4"
OWNER, ADMINISTRATORS_OWNER = "cfo@aegean.example", "ceo@aegean.example"
FIRST_NIGHT = datetime(2026, 11, 20, 2, tzinfo=UTC)
OPENED_AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
POLICY = f"clients:\n  {CLIENT}: {{owner: {OWNER}, administrators_owner: {ADMINISTRATORS_OWNER}}}\n"
# What somebody changes or deletes later on.
KNOWN_FROM_THE_FIRST_NIGHT = (
    "insert into ir_rule (id, name, active, model_id, domain_force, perm_read, create_uid, create_date, write_uid,"
    " write_date)"
    " select n, 'Own contacts ' || n, true, m.id, '[(1, ''='', 1)]', true, 2, '2026-11-02 10:00', 2, '2026-11-02 10:00'"
    " from ir_model m, (values (901), (902)) as v (n) where m.model = 'res.partner'",
    "insert into account_payment (id, create_uid, create_date) values (901, 1, '2026-11-02 10:00')",
    "insert into purchase_order (id, name, state, create_uid, create_date) values"
    " (901, 'P00901', 'draft', 1, '2026-11-02 10:00')",
)


def read_and_build(settings: Settings, source: str, *, moment: datetime) -> None:
    """One night of the client, and the access marts after it."""
    night_id = f"night of {moment:%Y-%m-%d}"
    night.plan(settings, night_id=night_id, now=moment, conf={"client": CLIENT})
    night.read_client(settings, night_id=night_id, client_id=CLIENT, connection=source)
    night.finish(settings, night_id=night_id)
    registered = transform_register.register(settings, night_id=night_id, as_of_at=None, quarter=None, now=moment)
    chosen = ["--select", "+path:models/marts/access", "--indirect-selection", "cautious"]
    command = ["build", "--exclude-resource-type", "unit_test", *chosen]
    result = transform.run_dbt(settings, command, variables=registered.variables)
    assert result.exception is None
    failed = [f"{item.node.name}: {item.message}" for item in result.result.results if item.status in ("error", "fail")]
    assert result.success, "\n".join(failed)
    transform_register.finish(settings, registered.build_id, error_message=None)


@dataclass(frozen=True)
class Reviewed(Warehouse):
    """A warehouse with a client whose access is known, and the address of its Odoo."""

    source: str = ""


@dataclass(frozen=True)
class Open:
    """An open review and its exported worksheet."""

    warehouse: Reviewed
    exported: Exported

    @property
    def workbook(self) -> Path:
        return self.exported.files[0]

    @property
    def csv(self) -> Path:
        return self.exported.files[1]

    def book(self) -> Workbook:
        return load_workbook(self.workbook)


@pytest.fixture(scope="session")
def read_client(pg_server, _warehouse_template: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, Path]:
    """Name of the warehouse, name of the source, folder with the policies."""
    folder = tmp_path_factory.mktemp("access_review")
    made = create(pg_server.url(), CLIENT, anchor_at=datetime(2026, 11, 19, 12, tzinfo=UTC), seed=7)
    source, warehouse = "access_review_source", "access_review"
    run_autocommit(pg_server.url(), f'create database "{source}" template "{made}"')
    run_autocommit(pg_server.url(), f'create database "{warehouse}" template "{_warehouse_template}"')
    for statement in KNOWN_FROM_THE_FIRST_NIGHT:
        run_sql(pg_server.url(source), statement)
    policies = shutil.copytree(REPOSITORY / "config" / "policies", folder / "policies")
    text = (policies / "access_review.yml").read_text()
    assert "clients: {}\n" in text
    assert "support_firm: {}\n" in text
    text = text.replace("support_firm: {}\n", f'support_firm: {{{CLIENT}: ["helpdesk.lead*"]}}\n')
    (policies / "access_review.yml").write_text(text.replace("\nclients: {}\n", f"\n{POLICY}"))
    settings = make_settings(pg_server.url(warehouse), build_folder=folder / "build", policies_from=policies)
    read_and_build(settings, pg_server.url(source), moment=FIRST_NIGHT)
    return warehouse, source, folder


@pytest.fixture
def reviewed(new_database, read_client, tmp_path: Path) -> Reviewed:
    """A copy of that warehouse and of its source."""
    template, source, folder = read_client
    url = new_database("review", template=template)
    settings = make_settings(url, build_folder=folder / "build", policies_from=folder / "policies")
    return Reviewed(url=url, settings=replace(settings), source=new_database("source", template=source))


@pytest.fixture
def opened(reviewed: Reviewed, tmp_path: Path) -> Open:
    """The same with an open review, exported."""
    open_cycle(reviewed.settings, client_id=CLIENT, quarter=QUARTER, by="K. Ioannou", now=OPENED_AT)
    (exported,) = export(
        reviewed.settings, client_id=CLIENT, quarter=QUARTER, folder=tmp_path / "sheets", now=OPENED_AT
    )
    return Open(warehouse=reviewed, exported=exported)
