"""From a published number to its inputs, held against counts taken by hand."""

import json
import os
import subprocess
import sys

import pytest
from driftline.errors import NotPublishedError
from driftline.sealing.manifest import as_text, sha256_of
from driftline.sealing.storing import MANIFEST_SHA256
from driftline.why import why

from tests.conftest import REPOSITORY
from tests.sealing.conftest import CLIENT, QUARTER


def count(warehouse, table):
    return warehouse.rows(f"select count(*) from {table} where client_id = %s", CLIENT)[0][0]


def test_a_number_is_walked_back_to_the_tables_of_odoo(sealed):
    warehouse, seal = sealed
    found = why(warehouse.settings, client_id=CLIENT, quarter=QUARTER, kpi="ticket_trend")
    ((value,),) = warehouse.rows("select value from review.scorecard where kpi = 'ticket_trend'")
    assert (found.number["value"], found.number["verdict"], found.is_latest_build) == (value, "good", True)
    rows = {item["table"]: item["rows"] for item in found.tables}
    assert next(iter(rows)) == "tickets.trend"
    for table in ("staging.int_tickets__trend_week", "staging.int_tickets__event", "staging.int_tickets__ticket"):
        assert rows[table] == count(warehouse, table) > 50
    models = {item["model"]: item for item in found.odoo_models}
    tickets = models["helpdesk.ticket"]
    assert tickets["rows"] == tickets["warehouse_count"] == tickets["source_count"] > 500
    assert (tickets["verdict"], tickets["visibility"]) == ("complete", "full")
    assert "res.users.log" not in models
    checks = {(item["suite"], item["expectation"]): item for item in found.checks}
    assert checks["tickets.trend", "claim_has_two_years"]["is_passed"] is True
    assert {suite for suite, _ in checks} >= {"tickets.trend", "review_candidate.scorecard"}
    assert not {suite for suite, _ in checks} & {"access.user", "drift.signal"}
    assert (found.nights["read_count"], found.nights["missed_count"]) == (2, 0)
    assert found.seal["manifest_sha256"] == seal.manifest_sha256


def test_a_number_that_nobody_computes_rests_on_nothing(closed):
    warehouse, _ = closed
    found = why(warehouse.settings, client_id=CLIENT, quarter=QUARTER, kpi="audit_prep_effort")
    assert (found.tables, found.odoo_models, found.seal) == ((), (), None)
    assert found.number["reason"] == "no rule says which hours were spent on audit preparation"


def test_what_is_not_published_is_said_with_what_is(closed):
    with pytest.raises(
        NotPublishedError, match=r"ticket_trnd of 2026Q3 is not published\. Published: audit_prep_effort,"
    ):
        why(closed[0].settings, client_id=CLIENT, quarter=QUARTER, kpi="ticket_trnd")


def test_the_commands_say_it_and_end_with_the_promised_codes(sealed):
    warehouse, seal = sealed
    settings = warehouse.settings
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "DRIFTLINE"))},
        "PYTHONPATH": str(REPOSITORY / "plugins"), "DRIFTLINE_WAREHOUSE_URL": settings.warehouse_url,
        "DRIFTLINE_HASH_SALT": settings.hash_salt, "DRIFTLINE_BUILD_DIR": str(settings.build_folder),
        "DRIFTLINE_CLIENTS_FILE": str(settings.clients_file), "COLUMNS": "200",
    }  # fmt: skip

    def run(*arguments):
        command = [sys.executable, "-c", "from driftline.cli import main; main()", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    whose = ("--client", CLIENT, "--quarter", QUARTER)
    code, said = run("why", *whose, "--kpi", "ticket_trend")
    assert code == 0
    assert "helpdesk.ticket" in said
    assert "0 failed" in said
    assert run("verify", str(seal.folder))[1].startswith("valid: 2026Q3 of aegean, version 1")
    manifest = seal.folder / "manifest.json"
    text = manifest.read_text()
    other = json.loads(text) | {"version": 2}
    manifest.write_bytes(as_text(other))
    noted = seal.folder / MANIFEST_SHA256
    hashed = noted.read_text()
    noted.write_text(f"{sha256_of(other)}  manifest.json\n")
    code, said = run("verify", str(seal.folder))
    assert (code, said.split(":")[0]) == (1, "not written by this warehouse")
    manifest.write_text(text)
    noted.write_text(hashed)
    warehouse.rows("set driftline.correcting = 'yes'; update review.scorecard set verdict = 'good'")
    code, said = run("verify", *whose)
    assert code == 1
    assert said.startswith("changed: 2026Q3 of aegean")
    assert run("verify")[0] == 2
