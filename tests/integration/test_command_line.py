"""The console script as an operator uses it: a whole night without Airflow, and what each exit code means."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from demo.postgres import free_port

DRIFTLINE = Path(sys.executable).with_name("driftline")


@pytest.fixture
def driftline(warehouse, registry_file, odoo_source, tmp_path):
    """Give a function that runs the console script for two clients: one can be read, the other's server is down."""
    two = registry_file(warehouse, aegean={"timezone": "Europe/Athens"}, silent={})
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "DRIFTLINE"))},
        "DRIFTLINE_WAREHOUSE_URL": warehouse.url,
        "DRIFTLINE_CLIENTS_FILE": str(two.settings.clients_file),
        "DRIFTLINE_HASH_SALT": "salt of the tests",
        "DRIFTLINE_BUILD_DIR": str(tmp_path / "build"),
        "AIRFLOW_CONN_ODOO_AEGEAN": odoo_source,
        "AIRFLOW_CONN_ODOO_SILENT": f"postgresql://u:hunter2@127.0.0.1:{free_port()}/odoo",
    }

    def run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [DRIFTLINE, *arguments], env={**environment, **changes}, capture_output=True, text=True, check=False
        )

    return run


def test_a_night_by_command_line_publishes_who_could_be_read_and_names_who_could_not(driftline, warehouse, tmp_path):
    assert driftline("migrate").stdout.strip() == "The warehouse is up to date."
    done = driftline("run", "--json")
    assert done.returncode == 3, done.stderr
    result = json.loads(done.stdout)
    assert [client["client_id"] for client in result["clients"]] == ["aegean"]
    assert "its database cannot be reached" in result["failures"]["silent"]["message"]
    assert result["published"]["published_client_ids"] == ["aegean"]
    assert "silent" in result["alert"]["body"]
    assert "hunter2" not in done.stdout + done.stderr
    published = warehouse.rows("select client_id, count(*) from review.scorecard group by 1")
    assert published == [("aegean", 6)]

    status = driftline("status", "--json")
    assert status.returncode == 1
    standing = {client["client_id"]: client for client in json.loads(status.stdout)}
    assert standing["silent"]["last_state"] == "failed"
    assert standing["aegean"]["completeness_pct"] == 100
    assert "silent" in driftline("status").stdout

    baselines = json.loads(driftline("baseline", "list", "--json").stdout)
    assert [(it["client_id"], it["name"], it["difference_count"]) for it in baselines] == [("aegean", "onboarding", 0)]
    assert "aegean: 0 differences from 'onboarding'" in driftline("baseline", "diff", "--client", "aegean").stdout
    two_days = ("baseline", "diff", "--client", "aegean", "--to", baselines[0]["baseline_on"])
    compared = json.loads(driftline(*two_days, "--json").stdout)
    assert (compared["differences"], compared["earlier"]["read_at"]) == ([], compared["later"]["read_at"])
    assert f"aegean: 0 differences between {compared['earlier']['day']} (read" in " ".join(
        driftline(*two_days).stdout.split()
    )
    backwards = driftline(*two_days, "--on", compared["later"]["day"])
    assert (backwards.returncode, "does not lie before" in backwards.stderr) == (2, True)
    early = driftline("baseline", "set", "--client", "aegean", "--on", "2020-01-01")
    assert (early.returncode, "the history of client 'aegean' begins on" in early.stderr) == (2, True)

    quarter = standing["aegean"]["published_quarter"]
    page = driftline("review", "--client", "aegean", "--quarter", quarter, "--folder", str(tmp_path / "pages"))
    assert page.returncode == 0, page.stderr
    assert "Scorecard" in (tmp_path / "pages" / f"aegean-{quarter}.html").read_text()
    assert driftline("review", "--client", "silent", "--quarter", quarter).returncode == 1


def test_step_by_step_says_no_where_the_gate_does(driftline, warehouse):
    assert driftline("extract", "--client", "aegean").returncode == 0
    assert driftline("extract", "--client", "silent").returncode == 3
    built = json.loads(driftline("build", "--json").stdout)["build_id"]
    assert driftline("publish", "--build", built).returncode == 1  # nobody has checked it
    checked = driftline("check", "--build", built)
    assert checked.returncode == 1
    assert "closed" in checked.stdout
    assert driftline("publish", "--build", built).returncode == 0
    assert warehouse.rows("select client_id, is_published from review.publication order by 1") == [
        ("aegean", True),
        ("silent", False),
    ]


@pytest.mark.parametrize(
    ("arguments", "changes", "code", "words"),
    [
        (["run", "--client", "nobody"], {}, 2, "no client 'nobody'. Known: aegean, silent."),
        (["run", "--as-of-on", "2999-01-01"], {}, 2, "as_of_on 2999-01-01 is not in the past"),
        (["run", "--as-of-on", "soon"], {}, 2, "as_of_on 'soon' is not a date"),
        (["status"], {"DRIFTLINE_HASH_SALT": ""}, 2, "DRIFTLINE_HASH_SALT is not set"),
        (["status", "--jsno"], {}, 2, "No such option"),
        (["status"], {"DRIFTLINE_WAREHOUSE_URL": "postgresql://u@127.0.0.1:1/w"}, 3, "the warehouse cannot be reached"),
        (["run"], {"DRIFTLINE_CLIENTS_FILE": "/nowhere/clients.yml"}, 2, "/nowhere/clients.yml: no such file"),
        (["check", "--build", "none"], {}, 1, "build none is unknown"),
        (["publish", "--build", "none"], {}, 1, "build none is unknown"),
        (["grants", "--client", "aegean", "--role", "x; drop"], {}, 2, "is not a plain role name"),
    ],
)
def test_what_is_wrong_decides_the_exit_code(driftline, arguments, changes, code, words):
    done = driftline(*arguments, **changes)
    assert done.returncode == code
    assert words in " ".join(done.stderr.split())


def test_reports_that_were_delivered_are_read_and_a_refused_one_is_named(driftline, warehouse, tmp_path):
    reports = tmp_path / "reports"
    (reports / "aegean").mkdir(parents=True)
    unset = driftline("read-reports")
    assert (unset.returncode, "DRIFTLINE_TEST_REPORTS is not set" in unset.stderr) == (2, True)
    assert driftline("extract", "--client", "aegean").returncode == 0
    lines = '<line number="1" hits="1"/><line number="2" hits="0"/>'
    good = f'<coverage><class filename="addons/aegean_extras/models/a.py"><lines>{lines}</lines></class></coverage>'
    (reports / "aegean" / "coverage.xml").write_text(good)
    done = driftline("read-reports", DRIFTLINE_TEST_REPORTS=str(reports))
    assert done.returncode == 0, done.stderr
    query = "select client_id, module, covered_line_count::int, line_count::int from ops.module_report"
    assert warehouse.rows(query) == [("aegean", "aegean_extras", 1, 2)]
    (reports / "aegean" / "claims.xml").write_text(good.replace("<coverage>", '<coverage line-rate="1.4">'))
    (reports / "nobody").mkdir()
    refused = driftline("read-reports", "--json", DRIFTLINE_TEST_REPORTS=str(reports))
    assert refused.returncode == 1
    told = json.loads(refused.stdout)
    assert told["unknown_clients"] == ["nobody"]
    assert {file["path"]: (file["state"], file["message"]) for file in told["files"]} == {
        "claims.xml": ("refused", "<coverage> claims 140 %; a share lies between 0 and 100 %."),
        "coverage.xml": ("known", ""),
    }
    nowhere = driftline("read-reports", DRIFTLINE_TEST_REPORTS=str(tmp_path / "nowhere"))
    assert (nowhere.returncode, "no such folder" in nowhere.stderr) == (2, True)
