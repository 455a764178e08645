"""The same by the command line and by the quarter's approval; what the policy refuses."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from driftline.access_review import cycle
from driftline.access_review.evidence import folder_sha256
from driftline.cli import access as _access  # noqa: F401  registers its commands
from driftline.cli import app as frame
from driftline.cli import quarters as _quarters  # noqa: F401
from driftline.errors import ConfigError, ReviewCycleError
from driftline.policies.access_review import load_access_review
from driftline.registry import load_registry
from driftline.sealing import Decision
from driftline.sealing.manifest import as_text, sha256_of
from driftline.sealing.storing import MANIFEST_SHA256
from typer.testing import CliRunner

from tests.access_review.conftest import CLIENT, OPENED_AT, QUARTER, Reviewed
from tests.access_review.filling import decide, suggested

NOON = datetime(2026, 11, 20, 12)  # noqa: DTZ001  as a spreadsheet has it
LATER = datetime(2026, 11, 20, 18, tzinfo=UTC)


@pytest.fixture
def run(reviewed: Reviewed, monkeypatch):
    monkeypatch.setenv("DRIFTLINE_WAREHOUSE_URL", reviewed.url)
    monkeypatch.setenv("DRIFTLINE_HASH_SALT", reviewed.settings.hash_salt)
    monkeypatch.setenv("DRIFTLINE_CLIENTS_FILE", str(reviewed.settings.clients_file))
    monkeypatch.setenv("DRIFTLINE_POLICIES_DIR", str(reviewed.settings.policies_folder))
    clock = {"now": OPENED_AT}
    monkeypatch.setattr("driftline.cli.access.now", lambda: clock["now"])

    def call(*words: str, at: datetime = LATER):
        clock["now"] = at
        done = CliRunner().invoke(frame.app, list(words))
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return call


def forge(folder: Path, name: str, content: bytes) -> None:
    """Change a file and write manifest and hashes anew around it."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    (folder / name).write_bytes(content)
    manifest["files"][name]["sha256"] = hashlib.sha256(content).hexdigest()
    manifest["folder_sha256"] = folder_sha256(manifest["files"])
    (folder / "manifest.json").write_bytes(as_text(manifest))
    (folder / MANIFEST_SHA256).write_text(f"{sha256_of(manifest)}  manifest.json\n")


def test_a_review_by_the_command_line(run, reviewed: Reviewed, tmp_path, monkeypatch):
    which = ("--client", CLIENT, "--quarter", QUARTER)
    opened = json.loads(run("access", "open", *which, "--by", "K. Ioannou", "--json", at=OPENED_AT).stdout)
    (exported,) = json.loads(run("access", "export", *which, "--to", str(tmp_path / "sheets"), "--json").stdout)
    assert exported["line_count"] == opened["line_count"] == 62
    book = tmp_path / "sheets" / f"access-{CLIENT}-{QUARTER}-part1.xlsx"
    decide(book, suggested, at=NOON)
    taken = ("access", "import", str(book), *which, "--by", "M. Papas", "--sign-off", "TICKET-7")
    assert "62 decisions, 0 as before" in run(*taken).stdout
    assert "imported already" in run(*taken).stdout
    status = json.loads(run("access", "status", *which, "--json").stdout)
    assert (status["state"], status["decided_count"]) == ("open", 62)
    assert {it["state"] for it in status["removals"]} == {"pending"}
    # A minute apart, and not all kept: nobody looks as if they had not looked.
    stamped = {it["reviewer"]: it["looks_rubber_stamped"] for it in status["reviewers"]}
    assert set(stamped.values()) == {""}

    # What the approval would be told, and what it does.
    with cycle.connect(reviewed.settings, role=cycle.Role.PUBLISHER) as connection, connection.cursor() as cursor:
        assert cycle.open_cycles(cursor, QUARTER) == {CLIENT: "finished"}
    decision = Decision(decided_by="K. Ioannou", comment="as discussed")
    assert cycle.close_all(reviewed.settings, quarter=QUARTER, decision=decision, now=LATER) == {CLIENT: "closed"}
    assert cycle.close_all(reviewed.settings, quarter=QUARTER, decision=decision, now=LATER) == {}
    ((by, comment),) = reviewed.rows("select closed_by, close_comment from ops.access_cycle")
    assert (by, comment) == ("K. Ioannou", "as discussed")

    folder = tmp_path / "evidence"
    assert run("access", "evidence", *which, "--by", "M. Papas", "--to", str(folder)).exit_code == 0
    verified = run("verify", str(folder))
    assert (verified.exit_code, verified.stdout.startswith(f"valid: {QUARTER} of {CLIENT}, version 1")) == (0, True)
    assert "no warehouse was asked" not in verified.stdout
    # Made anew so that it agrees with itself, it is not what the warehouse wrote.
    forged = shutil.copytree(folder, tmp_path / "forged")
    forge(forged, "decisions.csv", b"line,decision\n")
    verified = run("verify", str(forged))
    assert (verified.exit_code, verified.stdout.split(":")[0]) == (1, "not written by this warehouse")
    alone = run("verify", str(forged), "--alone")
    assert (alone.exit_code, alone.stdout.split(":")[0]) == (0, "valid")
    assert "no warehouse was asked whether it wrote this" in alone.stdout
    reviewed.rows("delete from ops.access_evidence")
    assert run("verify", str(folder)).stdout.startswith("not written by this warehouse")
    monkeypatch.delenv("DRIFTLINE_WAREHOUSE_URL")
    assert "no warehouse was asked" in run("verify", str(folder)).stdout
    monkeypatch.setenv("DRIFTLINE_WAREHOUSE_URL", reviewed.url)
    (folder / "policies.json").write_text("{}")
    verified = run("verify", str(folder))
    assert verified.exit_code == 1
    assert "policies.json: its content has another hash" in verified.stdout
    with pytest.raises(ReviewCycleError, match="is not empty"):
        run("access", "evidence", *which, "--by", "M. Papas", "--to", str(folder))


def test_an_unfinished_review_stays_open_at_the_approval(opened):
    said = cycle.close_all(
        opened.warehouse.settings, quarter=QUARTER, decision=Decision(decided_by="K. Ioannou"), now=LATER
    )
    assert list(said) == [CLIENT]
    assert said[CLIENT].startswith("left open: 62 lines are not finished: line 1: not decided;")
    assert opened.warehouse.rows("select closed_at from ops.access_cycle") == [(None,)]


def test_who_keeps_all_in_seconds_is_named(opened):
    decide(opened.workbook, lambda cells: "accept" if cells["kind"] == "conflict" else "keep", at=NOON)
    from driftline.access_review.importing import import_worksheet
    from driftline.access_review.standing import stand
    from openpyxl import load_workbook

    from tests.access_review.filling import lines, write

    book = load_workbook(opened.workbook)
    for sheet, row, _ in lines(book):
        write(sheet, row, decided_at=NOON.replace(second=row % 9))
    book.save(opened.workbook)
    settings, which = opened.warehouse.settings, {"client_id": CLIENT, "quarter": QUARTER, "now": LATER}
    import_worksheet(settings, path=opened.workbook, by="M. Papas", sign_off="T-1", **which)
    reviewers = {it.reviewer: it for it in stand(settings, **which).reviewers}
    assert reviewers["admin"].line_count == 35
    assert reviewers["admin"].looks_rubber_stamped == "admin: all 35 lines kept; 35 lines decided in 8 seconds"
    # Seven lines are too few to say so.
    assert (reviewers["cfo@aegean.example"].line_count, reviewers["cfo@aegean.example"].looks_rubber_stamped) == (7, "")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("due_days: 21", "due_day: 21", "unknown key 'due_day'. Did you mean 'due_days'?"),
        ("rows: 20", "rows: 1", "rubber_stamp.rows: Input should be greater than or equal to 2"),
        (f"{CLIENT}: {{owner", "aegaen: {owner", "client 'aegaen': no client 'aegaen'"),
        ("owner: ceo@aegean.example", "owner: CFO@aegean.example", "are one person"),
        ('until: "20:00"', 'until: "06:00"', "until 06:00 does not lie after from 07:00"),
        ("support_firm: {aegean", "support_firm: {aegaen", "support_firm: no client 'aegaen'"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(reviewed: Reviewed, tmp_path, old, new, said):
    folder = shutil.copytree(reviewed.settings.policies_folder, tmp_path / "policies")
    text = (folder / "access_review.yml").read_text()
    assert old in text
    (folder / "access_review.yml").write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_access_review(folder, load_registry(reviewed.settings.clients_file))
    assert said in str(caught.value)
    assert "access_review.yml" in str(caught.value)


def test_administrators_are_not_reviewed_by_one(reviewed: Reviewed, tmp_path):
    folder = shutil.copytree(reviewed.settings.policies_folder, tmp_path / "policies")
    text = (folder / "access_review.yml").read_text()
    (folder / "access_review.yml").write_text(text.replace("ceo@aegean.example", "admin"))
    settings = replace(reviewed.settings, policies_from=folder)
    with pytest.raises(ConfigError, match="administrators_owner admin is an administrator there"):
        cycle.open_cycle(settings, client_id=CLIENT, quarter=QUARTER, by="K. Ioannou", now=OPENED_AT)
    assert reviewed.rows("select count(*) from ops.access_cycle") == [(0,)]
    with pytest.raises(ReviewCycleError, match="no review of 2026Q3 was opened"):
        cycle.close_cycle(
            settings, client_id=CLIENT, quarter="2026Q3", decision=Decision(decided_by="K. Ioannou"), now=LATER
        )
