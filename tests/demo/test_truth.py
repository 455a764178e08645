"""The truth file is read strictly, and the command line says what is wrong."""

from __future__ import annotations

import copy

import pytest
import yaml
from demo_world import ANCHOR_AT, NIGHT_TWO_AT
from pydantic import ValidationError

from demo.odoo.__main__ import main
from demo.odoo.creation import build_world
from demo.odoo.database import DemoError
from demo.odoo.truth import TRUTH_FILE, Truth, load_truth

pytest_plugins = ["demo_world"]


@pytest.fixture
def content() -> dict:
    return copy.deepcopy(yaml.safe_load(TRUTH_FILE.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("aegean", "ticketz"), 1, r"clients\.aegean\.ticketz"),
        (("aegean", "tickets"), {"trend": "sinking"}, r"clients\.aegean\.tickets\.trend"),
        (("aegean", "tickets"), {"trend": "declining", "total": 3}, "'too few' goes with total"),
        (("delta", "last_version_upgrade"), {"days": 3, "unknown": "x"}, "exactly one of days"),
        (("delta", "night_two"), [{"change": "module_eaten", "module": "crm"}], "module_eaten"),
        (("delta", "night_two"), [{"change": "user_archived", "user": "admin"}], r"delta\.night_two\.0\.user_archived"),
        (("delta", "night_two"), [{"change": "tickets_opened", "count": 0}], "greater than or equal to 1"),
    ],
)
def test_a_wrong_entry_is_refused_by_name(content, path, value, message):
    client_id, key = path
    content["clients"][client_id][key] = value
    with pytest.raises(ValidationError, match=message):
        Truth.model_validate(content)


def test_a_login_that_nobody_has_is_refused(monkeypatch):
    truth = load_truth()
    wrong = truth.clients["delta"].model_copy(update={"without_employee": ("nobody@delta.example",)})
    monkeypatch.setattr("demo.odoo.world.load_truth", lambda: Truth(clients={**truth.clients, "delta": wrong}))
    with pytest.raises(DemoError, match=r"demo/truth\.yml: client 'delta': no user 'nobody@delta\.example'"):
        build_world("delta", anchor_at=ANCHOR_AT, seed=1)


def test_an_anchor_without_zone_is_refused():
    with pytest.raises(ValueError, match="anchor_at needs a time zone"):
        build_world("delta", anchor_at=ANCHOR_AT.replace(tzinfo=None), seed=1)


def test_the_command_line_makes_and_plants_one_client(demo_server, capsys):
    url = ["--url", demo_server.url(), "--client", "aegean"]
    assert main(["create", *url, "--anchor", ANCHOR_AT.isoformat(), "--seed", "3"]) == 0
    assert main(["plant", *url, "--at", NIGHT_TWO_AT.isoformat()]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "odoo_aegean"
    assert printed[1] == "aegean: module maintenance installed (17.0.1.0), with its model maintenance.request"
    assert len(printed) == 1 + len(load_truth().clients["aegean"].night_two)
    assert main(["plant", *url, "--at", NIGHT_TWO_AT.isoformat()]) == 2
    assert "night two is planted already" in capsys.readouterr().err


def test_the_command_line_tells_bad_usage_from_a_server_out_of_reach(capsys, monkeypatch):
    monkeypatch.delenv("DEMO_POSTGRES_URL", raising=False)
    assert main(["create", "--anchor", ANCHOR_AT.isoformat()]) == 2
    assert "Pass --url or set DEMO_POSTGRES_URL" in capsys.readouterr().err
    closed = "postgresql://postgres@127.0.0.1:1/postgres"
    assert main(["create", "--url", closed, "--client", "delta", "--anchor", ANCHOR_AT.isoformat()]) == 3
    assert "could not be reached" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        main(["create", "--anchor", "2026-11-20"])
    assert stopped.value.code == 2
    assert "is no instant with a time zone" in capsys.readouterr().err
