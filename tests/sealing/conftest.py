"""A real client's third quarter, read, built, checked and published; each test gets a copy of that warehouse."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from driftline import night, publish, quality, sealing, transform

from demo.odoo.creation import create
from tests.conftest import Warehouse, make_settings, run_autocommit

CLIENT, QUARTER = "aegean", "2026Q3"
SEALED_AT = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
AS_OF_AT = datetime(2026, 10, 1, 6, 0, tzinfo=UTC)
DECISION = sealing.Decision(decided_by="K. Ioannou", comment="as discussed")


def build_quarter(warehouse: Warehouse, *, now: datetime = AS_OF_AT) -> str:
    """Build, check and publish the quarter once more."""
    built = transform.build(warehouse.settings, night_id=None, as_of_at=AS_OF_AT, quarter=QUARTER, now=now)
    quality.check(warehouse.settings, build_id=built.build_id, now=now)
    return built.build_id


@pytest.fixture(scope="session")
def closed_quarter(pg_server, _warehouse_template: str, tmp_path_factory: pytest.TempPathFactory):
    """Name of the database, its build and the folder that dbt built in. The history begins within the quarter."""
    folder: Path = tmp_path_factory.mktemp("closed_quarter")
    source = create(pg_server.url(), CLIENT, anchor_at=datetime(2026, 9, 20, 12, tzinfo=UTC), seed=7)
    run_autocommit(pg_server.url(), f'create database "closed_quarter" template "{_warehouse_template}"')
    url = pg_server.url("closed_quarter")
    warehouse = Warehouse(url=url, settings=make_settings(url, build_folder=folder))
    for moment in (datetime(2026, 9, 21, 2, tzinfo=UTC), datetime(2026, 10, 1, 2, tzinfo=UTC)):
        night_id = f"night of {moment:%Y-%m-%d}"
        night.plan(warehouse.settings, night_id=night_id, now=moment, conf={"client": CLIENT})
        night.read_client(warehouse.settings, night_id=night_id, client_id=CLIENT, connection=pg_server.url(source))
        night.finish(warehouse.settings, night_id=night_id)
        if moment.month == 9:
            transform.build(warehouse.settings, night_id=night_id, as_of_at=None, quarter=None, now=moment)
    warehouse.rows("update ops.client set is_active = client_id = %s", CLIENT)
    build_id = build_quarter(warehouse)
    publish.publish(warehouse.settings, build_id=build_id, now=AS_OF_AT)
    return "closed_quarter", build_id, folder


@pytest.fixture
def closed(new_database, closed_quarter, tmp_path: Path) -> tuple[Warehouse, str]:
    """A copy of that warehouse, and the build that is published in it."""
    template, build_id, folder = closed_quarter
    url = new_database("closed", template=template)
    return Warehouse(url=url, settings=make_settings(url, build_folder=folder)), build_id


@pytest.fixture
def sealed(closed) -> tuple[Warehouse, sealing.SealReport]:
    """The same, sealed."""
    warehouse, build_id = closed
    (report,) = sealing.seal(warehouse.settings, build_id=build_id, decision=DECISION, now=SEALED_AT)
    return warehouse, report
