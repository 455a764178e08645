"""What an operator does about a client's side: look at it, print the rights it needs, compare everything, decide."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
import pytest
from conftest import run_autocommit, run_sql
from driftline.catalogue import load_catalogue
from driftline.errors import SourceShapeError
from driftline.grants import SECOND_FACTOR_VIEW, grant_script, shell_script
from driftline.registry import load_registry
from nights import run_night, unlike_source
from psycopg2.extensions import make_dsn

from demo.postgres import free_port
from demo.server import NoRights, OdooServer

DRIFTLINE = Path(sys.executable).with_name("driftline")
BOT = "driftline_reader"
NOT_SHOWN = (
    "the view driftline_second_factor was not made for the reading role (direct path: driftline grants --second-factor)"
)


@pytest.fixture
def server(odoo_source):
    """The client's Odoo, served, with an administrator and a bot that may do nothing yet but log in."""
    run_sql(
        odoo_source,
        "insert into res_users (id, login, active, company_id, partner_id, share, notification_type)"
        " select 900, %s, true, company_id, partner_id, false, 'email' from res_users where id = 2",
        BOT,
    )
    run_sql(odoo_source, "insert into res_company_users_rel (user_id, cid) select 900, id from res_company")
    with OdooServer(odoo_source, version="17.0", users={"admin": "right", BOT: "known"}) as running:
        running.database_url = odoo_source
        yield running


@pytest.fixture
def driftline(warehouse, registry_file, server):
    """Give a function that runs the console script for a client whose Odoo is reached over the network."""
    limits = {"rpc_calls_per_second": 1000}
    one = registry_file(warehouse, aegean={"transport": None, "company_count": 1, "limits": limits})
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "DRIFTLINE"))},
        "DRIFTLINE_WAREHOUSE_URL": warehouse.url,
        "DRIFTLINE_CLIENTS_FILE": str(one.settings.clients_file),
        "DRIFTLINE_HASH_SALT": "salt of the tests",
        "COLUMNS": "200",
    }

    def run(*arguments: str, login: str = "admin:right") -> subprocess.CompletedProcess[str]:
        address = f"http://{login}@{server.host}:{server.port}/{server.database}"
        return subprocess.run(
            [DRIFTLINE, *arguments],
            env={**environment, "AIRFLOW_CONN_ODOO_AEGEAN": address},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def states(result: subprocess.CompletedProcess[str]) -> dict[str, str]:
    return {check["model"]: check["state"] for check in json.loads(result.stdout)["models"]}


def grant_over_rpc(url: str, script: str) -> None:
    """Make the rows that the script for Odoo's shell would make, for the models that it names."""
    rules = "id, name, active, model_id, domain_force, perm_read, perm_write, perm_create, perm_unlink"
    models = re.findall(r'^    "([a-z0-9_.]+)",$', script, re.MULTILINE)
    assert len(models) > 60
    run_sql(url, "insert into res_groups (id, name) values (900, jsonb_build_object('en_US', 'Driftline reader'))")
    run_sql(url, "insert into res_groups_users_rel (uid, gid) values (900, 900)")
    run_sql(
        url,
        "insert into ir_model_access (id, name, active, model_id, group_id, perm_read, perm_write, perm_create,"
        " perm_unlink) select 90000 + id, 'driftline reads ' || model, true, id, 900, true, false, false, false"
        " from ir_model where model = any(%s)",
        models,
    )
    run_sql(
        url,
        f"insert into ir_rule ({rules})"
        " select 90000 + id, 'driftline reads ' || model, true, id, '[(1, ''='', 1)]', true, false, false, false"
        " from ir_model where model = any(%s)",
        models,
    )
    run_sql(url, "insert into rule_group_rel (rule_group_id, group_id) select id, 900 from ir_rule where id > 90000")


def test_a_look_at_a_client_says_what_answers_and_what_is_in_sight(driftline, warehouse, server):
    found = driftline("check-client", "--client", "aegean", "--json")
    assert found.returncode == 0, found.stderr
    result = json.loads(found.stdout)
    assert (result["transport"], result["odoo_version"], result["reader_user_id"]) == ("rpc", "17.0", 2)
    partners = next(check for check in result["models"] if check["model"] == "res.partner")
    assert partners["visible_count"] == run_sql(server.database_url, "select count(*) from res_partner")[0][0]
    assert states(found)["mail.message"] == "partly visible"
    assert states(found)["helpdesk.stage"] == "not there"
    recorded = dict(warehouse.rows("select model, verdict from ops.visibility where client_id = 'aegean'"))
    assert recorded["mail.message"] == "partial"
    assert "none" not in recorded.values()
    assert "mail.message" in driftline("check-client", "--client", "aegean").stdout


def test_what_may_not_be_read_is_named_and_is_an_exit_code(driftline, server):
    nothing = driftline("check-client", "--client", "aegean", login=f"{BOT}:known")
    assert nothing.returncode == 1
    assert "driftline grants --client aegean --rpc" in nothing.stdout
    grant_over_rpc(server.database_url, driftline("grants", "--client", "aegean", "--rpc").stdout)
    run_sql(server.database_url, "delete from ir_model_access where name = 'driftline reads ir.config_parameter'")
    found = driftline("check-client", "--client", "aegean", "--json", login=f"{BOT}:known")
    assert found.returncode == 1
    assert states(found)["ir.config_parameter"] == "hidden"
    assert "hidden" in driftline("check-client", "--client", "aegean", login=f"{BOT}:known").stdout


def test_exactly_the_printed_rights_are_enough_to_read_everything_over_rpc(driftline, warehouse, server):
    printed = driftline("grants", "--client", "aegean", "--rpc")
    assert printed.returncode == 0, printed.stderr
    compile(printed.stdout, "grants", "exec")
    assert "{{" not in printed.stdout
    grant_over_rpc(server.database_url, printed.stdout)
    found = driftline("check-client", "--client", "aegean", "--json", login=f"{BOT}:known")
    assert found.returncode == 0, found.stdout[-2000:]
    partly = {model for model, state in states(found).items() if state == "partly visible"}
    assert partly <= {"mail.message", "ir.attachment"}
    night = driftline("extract", "--client", "aegean", "--json", login=f"{BOT}:known")
    assert night.returncode == 0, night.stderr
    verdicts = warehouse.rows("select distinct verdict from ops.completeness")
    assert sorted(verdicts) == [("absent",), ("complete",)]
    for table in ("res_users", "ir_config_parameter", "helpdesk_ticket", "hr_employee"):
        rows = warehouse.rows(f"select count(*) from raw.{table} where _deleted_at is null")
        assert rows == run_sql(server.database_url, f"select count(*) from {table}")
        assert rows[0][0] > 0


def test_deletions_that_are_too_many_wait_for_a_decision(driftline, warehouse, server):
    assert driftline("extract", "--client", "aegean").returncode == 0
    count = warehouse.rows("select count(*) from raw.helpdesk_ticket")[0][0]
    server.hide("helpdesk.ticket", [("id", ">", count // 2)])
    night = driftline("extract", "--client", "aegean", "--json")
    assert night.returncode == 0, night.stderr
    held = "select held_count from ops.completeness where verdict = 'held' and model = 'helpdesk.ticket'"
    ((held_count,),) = warehouse.rows(held)
    assert held_count > 20
    assert json.loads(night.stdout)["clients"][0]["held_count"] >= held_count
    live = "select count(*) from raw.helpdesk_ticket where _deleted_at is null"
    assert warehouse.rows(live) == [(count,)]
    refused = driftline("reconcile", "--client", "aegean")
    assert refused.returncode == 1
    assert "different" in refused.stdout
    other = driftline("reconcile", "--client", "aegean", "--accept-deletions", "--model", "res.partner")
    assert other.returncode == 1
    assert warehouse.rows(live) == [(count,)]
    # The messages on hidden tickets are hidden, too.
    believed = ("--accept-deletions", "--model", "helpdesk.ticket", "--model", "mail.message")
    accepted = driftline("reconcile", "--client", "aegean", *believed)
    assert accepted.returncode == 0, accepted.stdout
    assert warehouse.rows(live) == [(count - held_count,)]
    assert driftline("reconcile", "--accept-deletions").returncode == 2
    assert driftline("reconcile", "--client", "aegean", "--model", "res.partner").returncode == 2
    wrong = driftline("reconcile", "--client", "aegean", "--accept-deletions", "--model", "res.prtner")
    assert wrong.returncode == 2
    assert "no model 'res.prtner'" in wrong.stderr


def test_a_reconciliation_repairs_what_the_row_versions_did_not_show(warehouse, odoo_source):
    run_night(warehouse, odoo_source, 1)
    warehouse.rows("update raw.res_partner set name = 'rotten' where id = (select min(id) from raw.res_partner)")
    warehouse.rows("update raw.account_analytic_line set unit_amount = unit_amount + 1 where id % 7 = 0")
    rotten = warehouse.rows("select count(*) from raw.account_analytic_line where id % 7 = 0")[0][0]
    assert rotten > 0
    run_night(warehouse, odoo_source, 2)
    assert unlike_source(warehouse, odoo_source) != []
    report = run_night(warehouse, odoo_source, 3, kind="reconcile")
    assert unlike_source(warehouse, odoo_source) == []
    assert report.repaired_count == 1 + rotten
    repaired = "select model, repaired_count from ops.reconciliation where verdict <> 'equal' order by 1"
    assert warehouse.rows(repaired) == [("account.analytic.line", rotten), ("res.partner", 1)]
    compared = warehouse.rows("select sum(row_count), count(*) from ops.reconciliation")[0]
    assert (
        compared[0] == warehouse.rows("select sum(source_count) from ops.completeness where night_id = 'night 3'")[0][0]
    )
    assert run_night(warehouse, odoo_source, 4, kind="reconcile").repaired_count == 0


def test_the_view_of_second_factors_shows_whether_and_not_what(warehouse, odoo_source, pg_server):
    client = load_registry(warehouse.settings.clients_file).client("aegean")
    run_sql(odoo_source, "update res_users set totp_secret = 'CANARY-totp' where id = 2")
    run_sql(odoo_source, grant_script(client, load_catalogue(), role="view_reader", shows_second_factor=True))
    run_autocommit(pg_server.url(), "alter role view_reader password 'known'")
    reader = make_dsn(odoo_source, user="view_reader", password="known")
    shown = run_sql(reader, f"select id from {SECOND_FACTOR_VIEW} where has_second_factor")
    assert sorted(shown) == run_sql(odoo_source, "select id from res_users where totp_secret is not null order by 1")
    assert (2,) in shown
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        run_sql(reader, "select totp_secret from res_users")
    run_sql(odoo_source, grant_script(client, load_catalogue(), role="view_reader", shows_second_factor=True))
    landed = "select id, has_second_factor from raw.driftline_second_factor where _deleted_at is null order by 1"
    proof = "select verdict from ops.completeness where model = 'driftline.second.factor' order by checked_at desc"
    in_source = "select id, totp_secret is not null from res_users order by 1"
    run_night(warehouse, reader, 1)
    assert warehouse.rows(landed) == run_sql(odoo_source, in_source)
    assert {has_one for _, has_one in warehouse.rows(landed)} == {True, False}
    # A factor given up is a change of the user's row, so the next night reads that row and no other.
    run_sql(odoo_source, "update res_users set totp_secret = null where id = 2")
    run_night(warehouse, reader, 2)
    assert (2, False) in warehouse.rows(landed)
    assert warehouse.rows(landed) == run_sql(odoo_source, in_source)
    read = (
        "select mode, rows_read from ops.extract_run where model = 'driftline.second.factor' and night_id = 'night 2'"
    )
    assert warehouse.rows(read) == [("incremental", 1)]
    assert warehouse.rows(proof)[0] == ("complete",)
    # Whoever takes the view back is not shown any more, and nobody's answer stays behind.
    run_sql(odoo_source, f"drop view {SECOND_FACTOR_VIEW}")
    run_night(warehouse, reader, 3)
    assert warehouse.rows(landed) == []
    assert warehouse.rows(proof)[0] == ("absent",)
    coverage = "select is_present, reason from ops.field_coverage where model = 'driftline.second.factor'"
    assert warehouse.rows(coverage) == [(False, NOT_SHOWN)]
    # Made for somebody else, it is not shown either; made by hand and not whole, it is refused.
    run_sql(odoo_source, f"create view {SECOND_FACTOR_VIEW} as select id, true as has_second_factor from res_users")
    run_night(warehouse, reader, 4)
    assert warehouse.rows(coverage) == [(False, NOT_SHOWN)]
    run_sql(odoo_source, f"grant select on {SECOND_FACTOR_VIEW} to view_reader")
    with pytest.raises(SourceShapeError, match="does not show the row version"):
        run_night(warehouse, reader, 5)


def test_the_script_for_odoos_shell_names_every_model_of_the_catalogue_in_that_version(warehouse):
    client = load_registry(warehouse.settings.clients_file).client("boreal")
    script = shell_script(client, load_catalogue())
    named = set(re.findall(r'^    "([a-z0-9_.]+)",$', script, re.MULTILINE))
    wanted = {
        entry.via.model if entry.via else entry.model
        for entry in load_catalogue()
        if client.version and entry.kind != "view" and entry.exists_in(client.version)
    }
    assert named == wanted
    assert "ir.access" not in named
    assert "res.groups.privilege" in named


def test_rights_that_go_away_leave_what_was_read_and_are_told(driftline, warehouse, server):
    assert driftline("extract", "--client", "aegean").returncode == 0
    before = warehouse.rows("select count(*) from raw.res_partner where _deleted_at is null")
    server.faults.add(NoRights(), model="res.partner", times=None)
    assert driftline("extract", "--client", "aegean").returncode == 0
    server.faults.clear()
    assert warehouse.rows("select count(*) from raw.res_partner where _deleted_at is null") == before
    newest = "select verdict from ops.completeness where model = 'res.partner' order by checked_at desc limit 1"
    assert warehouse.rows(newest) == [("hidden",)]
    assert warehouse.rows("select verdict from ops.visibility where model = 'res.partner'") == [("none",)]


def test_a_model_that_is_no_longer_listed_is_held_until_somebody_says_that_its_module_went(
    driftline, warehouse, server
):
    assert driftline("extract", "--client", "aegean").returncode == 0
    live = "select count(*) from raw.helpdesk_ticket where _deleted_at is null"
    ((count,),) = warehouse.rows(live)
    server.hide("ir.model", [("model", "=", "helpdesk.ticket")])
    assert driftline("extract", "--client", "aegean").returncode == 0
    assert warehouse.rows(live) == [(count,)]
    newest = "select verdict, held_count from ops.completeness where model = 'helpdesk.ticket' order by checked_at desc"
    assert warehouse.rows(newest)[0] == ("held", count)
    driftline("reconcile", "--client", "aegean", "--accept-deletions", "--model", "helpdesk.ticket")
    assert warehouse.rows(live) == [(0,)]
    assert warehouse.rows(newest)[0] == ("absent", 0)


def test_of_several_clients_in_one_task_each_has_its_turn_and_what_may_pass_decides(
    warehouse, registry_file, odoo_source
):
    from driftline import night
    from driftline.errors import SourceUnavailable

    three = registry_file(warehouse, first={}, second={}, third={})
    planned = night.plan(three.settings, night_id="batch", now=datetime(2026, 11, 2, tzinfo=UTC), conf={})
    addresses = {"second": f"postgresql://u:p@127.0.0.1:{free_port()}/odoo", "third": odoo_source}
    with pytest.raises(SourceUnavailable, match="client 'second'"):
        night.read_clients(
            three.settings, night_id="batch", client_ids=planned.client_ids, find_connection=addresses.get
        )  # fmt: skip
    states = "select client_id, state, error_class from ops.client_run order by 1"
    assert warehouse.rows(states) == [
        ("first", "failed", "ConfigError"),
        ("second", "failed", "SourceUnavailable"),
        ("third", "succeeded", None),
    ]
