"""Delivered files become rows per module; a bad one is recorded, tells why, and stops nothing."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from conftest import Warehouse, run_sql
from driftline.coverage_reports import read_reports
from driftline.errors import ConfigError

NOW = datetime(2026, 11, 25, 2, tzinfo=UTC)
COBERTURA = (
    '<coverage timestamp="{at}"><packages><package name="p"><classes><class filename="addons/{module}/models/a.py">'
    '<lines><line number="1" hits="{hits}"/><line number="2" hits="0"/></lines></class></classes></package></packages>'
    "</coverage>"
)
JUNIT = (
    '<testsuites><testsuite tests="2" failures="1"><testcase classname="odoo.addons.acme_extras.tests.test_a.TestA"/>'
    '<testcase classname="odoo.addons.acme_extras.tests.test_a.TestA"><failure/></testcase></testsuite></testsuites>'
)


def cobertura(module: str = "acme_extras", *, at: datetime = NOW - timedelta(days=3), hits: int = 1) -> str:
    return COBERTURA.format(at=int(at.timestamp()), module=module, hits=hits)


@pytest.fixture
def delivered(warehouse: Warehouse, tmp_path):
    """Give the warehouse with two clients, and a function that delivers a file: `deliver("acme/a.xml", text)`."""
    for client_id, module in (("acme", "acme_extras"), ("boreal", "boreal_extras")):
        warehouse.rows(
            "insert into ops.client (client_id, name, timezone, ticket_source, is_active, registered_at)"
            " values (%s, 'x', 'UTC', 'helpdesk', true, now())",
            client_id,
        )
        for number, (name, state) in enumerate(((module, "installed"), ("crm", "uninstalled")), start=1):
            warehouse.rows(
                "insert into raw.ir_module_module (client_id, id, name, state, _row_version, _read_at, _night_id)"
                " values (%s, %s, %s, %s, 3, now(), 'n')",
                client_id, number, name, state,
            )  # fmt: skip
    folder = tmp_path / "reports"
    folder.mkdir()
    settings = replace(warehouse.settings, test_reports=str(folder))

    def deliver(name: str, text: str) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, ((NOW - timedelta(days=1)).timestamp(),) * 2)

    return replace(warehouse, settings=settings), deliver, folder


def stored(warehouse: Warehouse) -> set[tuple]:
    return set(
        run_sql(
            warehouse.url,
            "select client_id, path, module, covered_line_count::int, line_count::int, test_count::int,"
            " failed_count::int, skipped_count::int, reported_at from ops.module_report",
        )
    )


def test_lines_and_tests_are_kept_by_module_with_the_time_of_the_report(delivered):
    warehouse, deliver, _ = delivered
    deliver("acme/main/coverage.xml", cobertura())
    deliver("acme/junit.xml", JUNIT)
    deliver("boreal/coverage.xml", cobertura("boreal_extras", hits=0))
    report = read_reports(warehouse.settings, now=NOW)
    assert [(file.client_id, file.path, file.state, file.module_count) for file in report.files] == [
        ("acme", "junit.xml", "read", 1),
        ("acme", "main/coverage.xml", "read", 1),
        ("boreal", "coverage.xml", "read", 1),
    ]
    told, written = NOW - timedelta(days=3), NOW - timedelta(days=1)
    assert stored(warehouse) == {
        ("acme", "main/coverage.xml", "acme_extras", 1, 2, None, None, None, told),
        ("acme", "junit.xml", "acme_extras", None, None, 2, 1, 0, written),
        ("boreal", "coverage.xml", "boreal_extras", 0, 2, None, None, None, told),
    }


def test_a_report_cannot_speak_of_another_clients_module_or_of_one_that_is_not_installed(delivered):
    warehouse, deliver, _ = delivered
    deliver("acme/theirs.xml", cobertura("boreal_extras"))
    deliver("acme/later.xml", cobertura("crm"))
    report = read_reports(warehouse.settings, now=NOW)
    assert {file.state for file in report.files} == {"refused"}
    assert all("belongs to no module of this client" in file.message for file in report.files)
    assert stored(warehouse) == set()
    warehouse.rows("update raw.ir_module_module set state = 'installed' where client_id = 'acme' and name = 'crm'")
    assert [(file.path, file.state) for file in read_reports(warehouse.settings, now=NOW).files] == [
        ("later.xml", "read"),
        ("theirs.xml", "refused"),
    ]


def test_a_file_is_read_once_and_again_when_it_changes_and_a_refused_one_takes_its_numbers_along(delivered):
    warehouse, deliver, _ = delivered
    deliver("acme/a.xml", cobertura(hits=0))
    states = [read_reports(warehouse.settings, now=NOW).files[0].state for _ in range(2)]
    assert states == ["read", "known"]
    deliver("acme/a.xml", cobertura(hits=1))
    assert read_reports(warehouse.settings, now=NOW).files[0].state == "read"
    assert [row[3] for row in stored(warehouse)] == [1]
    deliver("acme/a.xml", cobertura()[:-30])
    assert read_reports(warehouse.settings, now=NOW).files[0].state == "refused"
    assert stored(warehouse) == set()
    ((state, message),) = warehouse.rows("select state, message from ops.report_file")
    assert state == "refused"
    assert "not well-formed XML" in message


def test_bad_files_are_told_and_do_not_stop_good_ones(delivered):
    warehouse, deliver, folder = delivered
    deliver("acme/bad.xml", "no XML")
    deliver("acme/future.xml", cobertura(at=NOW + timedelta(days=2)))
    deliver("acme/good.xml", cobertura())
    deliver(
        "acme/nul.json", '{"files": {"addons/\\u0000/a.py": {"summary": {"covered_lines": 0, "num_statements": 1}}}}'
    )
    deliver("strangers/a.xml", cobertura())
    deliver("acme/.hidden.xml", "no XML")
    with (folder / "acme" / "huge.xml").open("wb") as huge:
        huge.truncate(200_000_000)
    (folder / "acme" / "link.xml").symlink_to("/etc/hostname")
    report = read_reports(warehouse.settings, now=NOW)
    assert report.unknown_clients == ("strangers",)
    assert {file.path: file.state for file in report.files} == {
        "bad.xml": "refused", "future.xml": "refused", "good.xml": "read", "huge.xml": "refused", "nul.json": "refused",
    }  # fmt: skip
    messages = {file.path: file.message for file in report.files}
    assert messages["huge.xml"] == "it has 200 MB or more; no report needs more than 50 MB."
    assert "2026-11-27 02:00 UTC, in the future" in messages["future.xml"]
    assert [row[:3] for row in stored(warehouse)] == [("acme", "good.xml", "acme_extras")]


def test_a_folder_that_is_not_there_is_named(delivered):
    warehouse, _, folder = delivered
    settings = replace(warehouse.settings, test_reports=str(folder / "nowhere"))
    with pytest.raises(ConfigError, match="nowhere: no such folder, so no test reports are read"):
        read_reports(settings, now=NOW)
    assert read_reports(replace(settings, test_reports=None), now=NOW).files == ()


def test_an_object_stores_url_is_read_like_a_folder(delivered):
    from upath import UPath

    warehouse, _, _ = delivered
    UPath("memory://ci/acme").mkdir(parents=True, exist_ok=True)
    UPath("memory://ci/acme/a.xml").write_text(cobertura())
    report = read_reports(replace(warehouse.settings, test_reports="memory://ci"), now=datetime.now(UTC))
    assert [(file.client_id, file.path, file.state) for file in report.files] == [("acme", "a.xml", "read")]


def test_what_belonged_to_no_module_is_looked_at_again_once_the_module_is_there(delivered):
    warehouse, deliver, _ = delivered
    lines = '<lines><line number="1" hits="1"/></lines>'
    classes = "".join(f'<class filename="addons/{module}/a.py">{lines}</class>' for module in ("acme_extras", "crm"))
    deliver("acme/both.xml", f"<coverage>{classes}</coverage>")
    first = read_reports(warehouse.settings, now=NOW).files[0]
    assert (first.state, first.module_count) == ("read", 1)
    assert first.message == "it names what belongs to no module of this client: 'addons/crm/a.py'"
    warehouse.rows("update raw.ir_module_module set state = 'installed' where client_id = 'acme' and name = 'crm'")
    second = read_reports(warehouse.settings, now=NOW).files[0]
    assert (second.state, second.module_count, second.message) == ("read", 2, "")
    assert {row[2] for row in stored(warehouse)} == {"acme_extras", "crm"}
    assert read_reports(warehouse.settings, now=NOW).files[0].state == "known"
