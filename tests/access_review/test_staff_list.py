"""A list of staff is taken in whole or not at all, and what is wrong with it is named by file, line and column."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta

import pytest
from driftline.errors import ConfigError, StaffListError
from driftline.staff_list import import_staff, withdraw_staff

NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)
HEAD = "person,login,manager,department,job,company,left_on"
GOOD = f"{HEAD}\nE1,anna,,Office,Head,Main,\nE2,,E1,,,,2026-10-31\n"


@pytest.fixture
def client(warehouse, registry_file, tmp_path):
    """A client with two users and three companies, two of which share their name; gives a function that hands in."""
    known = registry_file(warehouse, acme={}, other={})
    keep = "_row_version, _read_at, _night_id"
    user = f"insert into raw.res_users (client_id, id, login, active, {keep}) values ('acme', %s, %s, true, 3, %s, 'n')"
    for number, login in ((7, "anna"), (8, "ben")):
        warehouse.rows(user, number, login, NOW)
    for number, name in ((1, "Main"), (2, "Twin"), (3, "Twin")):
        warehouse.rows(
            f"insert into raw.res_company (client_id, id, name, {keep}) values ('acme', %s, %s, 3, %s, 'n')",
            number, name, NOW,
        )  # fmt: skip

    def hand_in(content: str | bytes, *, now: datetime = NOW, client_id: str = "acme"):
        path = tmp_path / "staff.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return import_staff(known.settings, client_id=client_id, path=path, by="Ann", now=now)

    hand_in.warehouse = known
    return hand_in


def members(client, version: int) -> list[tuple]:
    columns = "line, person_name, odoo_user_id, manager_line, department, job, odoo_company_id, left_on"
    return client.warehouse.rows(
        f"select {columns} from ops.staff_member where client_id = 'acme' and version = %s order by 1", version
    )


def test_a_list_is_kept_as_it_was_handed_in_and_every_version_stays(client):
    assert client(GOOD).is_new
    assert members(client, 1) == [
        (2, "E1", 7, None, "Office", "Head", 1, None), (3, "E2", None, 2, None, None, None, date(2026, 10, 31)),
    ]  # fmt: skip
    assert (client(GOOD).version, client(GOOD).is_new) == (1, False)
    # Excel's mark and line ends, quotes, blank lines; the manager may stand below.
    second = f'\ufeff{HEAD}\r\n\r\nE2,ben,E1,"Sales, north",,,\r\nE1,anna,,,,,\r\n'
    assert client(second, now=NOW + timedelta(hours=1)).version == 2
    assert members(client, 2) == [
        (3, "E2", 8, 4, "Sales, north", None, None, None), (4, "E1", 7, None, None, None, None, None)
    ]  # fmt: skip
    assert len(members(client, 1)) == 2
    kept = client.warehouse.rows("select version, file_name, file_sha256, imported_by, row_count from ops.staff_list")
    assert kept[0] == (1, "staff.csv", hashlib.sha256(GOOD.encode()).hexdigest(), "Ann", 2)


def test_a_list_is_taken_back_once(client):
    client(GOOD)
    settings = client.warehouse.settings
    assert withdraw_staff(settings, client_id="acme", by="Ann", now=NOW).row_count == 0
    with pytest.raises(ConfigError, match="no staff list holds"):
        withdraw_staff(settings, client_id="acme", by="Ann", now=NOW)
    assert (client(GOOD).version, client(GOOD).is_new) == (3, False)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", r"staff\.csv:1: expected the columns person,login"),
        (GOOD.replace("left_on", "left on"), r"staff\.csv:1: expected the columns"),
        (GOOD.replace(",", ";"), r"staff\.csv:1: expected the columns"),
        (f"{HEAD}\n", r"staff\.csv: names nobody"),
        (f"{HEAD}\nE1,anna\n", r"staff\.csv:2: 2 columns, expected 7"),
        (f"{HEAD}\n\n,anna,,,,,\n", r"staff\.csv:3: column person: empty"),
        (f"{HEAD}\nE1,,,,,,\nE1,,,,,,\n", r"staff\.csv:3: column person: 'E1' stands in line 2 already"),
        (f"{HEAD}\nE1,carl,,,,,\n", r"staff\.csv:2: column login: this client's Odoo has no user 'carl'"),
        (f"{HEAD}\nE1,,E9,,,,\n", r"staff\.csv:2: column manager: no line is of the person 'E9'"),
        (f"{HEAD}\nE1,,E1,,,,\n", r"staff\.csv:2: column manager: 'E1' is the person itself"),
        (f"{HEAD}\nE1,,,,,Mian,\n", r"staff\.csv:2: column company: this client's Odoo has no company 'Mian'"),
        (f"{HEAD}\nE1,,,,,Twin,\n", r"staff\.csv:2: column company: .* several of the name 'Twin'"),
        (f"{HEAD}\nE1,,,,,,31.10.2026\n", r"staff\.csv:2: column left_on: '31\.10\.2026' is no day"),
        (f"{HEAD}\nE1,,,,,,20261031\n", r"staff\.csv:2: column left_on"),
        (f"{HEAD}\nE1,,,,,,2026-02-30\n", r"staff\.csv:2: column left_on"),
        (f'{HEAD}\nE1,,,"two\nlines",,,\n', r"staff\.csv:3: column department: no text"),
        (f'{HEAD}\nE1,,,"open,,,\n', r"staff\.csv:\d: no CSV"),
        (f"{HEAD}\nE1,,,Caf\xe9,,,\n".encode("latin-1"), r"staff\.csv:2: no UTF-8"),
    ],
)
def test_a_wrong_list_is_refused_by_line_and_column_and_nothing_is_taken(client, content, said):
    client(GOOD)
    with pytest.raises(StaffListError, match=said):
        client(content)
    assert client.warehouse.rows("select version from ops.staff_list") == [(1,)]


def test_without_users_there_is_nobody_to_be_named(client):
    with pytest.raises(ConfigError, match="its users are not known yet"):
        client(GOOD, client_id="other")
    with pytest.raises(ConfigError, match="no client 'acne'"):
        client(GOOD, client_id="acne")
