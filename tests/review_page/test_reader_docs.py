"""docs/bi.md promises readers roles, columns and queries: what stands there is run here, as a reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest
from driftline.warehouse import Role, connect

from tests.conftest import REPOSITORY, Warehouse, run_sql
from tests.review_page import review_rows

_TEXT = (REPOSITORY / "docs" / "bi.md").read_text(encoding="utf-8")
_SQL = re.findall(r"```sql\n(.*?)```", _TEXT, re.DOTALL)
_QUERIES = [block for block in _SQL if block.startswith("select")]
_ADMINISTRATION = [block for block in _SQL if not block.startswith("select")]
_READERS = ("analyst_north", "portfolio_reader", "nobody_yet")


@pytest.fixture
def published(warehouse: Warehouse) -> Iterator[Warehouse]:
    """A warehouse with three clients' rows and the document's own readers."""
    for client_id in ("aegean", "boreal", "cordoba"):
        review_rows.publish(warehouse.url, client_id)
        review_rows.publish_tickets(warehouse.url, client_id)
        review_rows.publish_users(warehouse.url, client_id, [{"login": "left", "employee_state": "archived"}])
    assert len(_ADMINISTRATION) == 3
    for block in _ADMINISTRATION[:2]:
        run_sql(warehouse.url, block)
    run_sql(warehouse.url, "create role nobody_yet login in role bi_reader")
    yield warehouse
    # Roles belong to the server, not to this test's database.
    run_sql(warehouse.url, f"drop role {', '.join(_READERS)}")


def _read(warehouse: Warehouse, reader: str, query: str) -> list[tuple]:
    with closing(psycopg2.connect(warehouse.url)) as connection, connection.cursor() as cursor:
        cursor.execute(f"set session authorization {reader}")
        cursor.execute(query)
        return cursor.fetchall()


def _clients(warehouse: Warehouse, reader: str) -> list[str]:
    rows = _read(warehouse, reader, "select distinct client_id from review.scorecard order by 1")
    return [client_id for (client_id,) in rows]


def test_a_reader_sees_the_clients_of_its_scope_and_no_other(published: Warehouse) -> None:
    assert _clients(published, "analyst_north") == ["aegean", "boreal"]
    assert _clients(published, "portfolio_reader") == ["aegean", "boreal", "cordoba"]
    assert _clients(published, "nobody_yet") == []

    run_sql(published.url, _ADMINISTRATION[2])
    assert _clients(published, "analyst_north") == ["aegean"]


@pytest.mark.parametrize(
    "attempt",
    [
        "select * from ops.reader_scope",
        "select ops.readable_clients('portfolio_reader')",
        "insert into ops.reader_scope values ('analyst_north', '*')",
        "update review.scorecard set verdict = 'good'",
        "select * from raw.res_users",
        "alter table review.scorecard disable row level security",
        "set role driftline_publisher",
    ],
)
def test_a_reader_cannot_widen_its_scope_or_read_elsewhere(published: Warehouse, attempt: str) -> None:
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        _read(published, "analyst_north", attempt)


@pytest.mark.parametrize("query", _QUERIES)
def test_the_documents_queries_run_and_find_rows(published: Warehouse, query: str) -> None:
    assert len(_QUERIES) == 3
    rows = _read(published, "analyst_north", query)
    assert rows
    assert not any("cordoba" in row for row in rows)


def test_the_document_names_every_table_and_column_of_review_and_nothing_else(warehouse: Warehouse) -> None:
    with connect(warehouse.settings, role=Role.PUBLISHER) as connection, connection.cursor() as cursor:
        cursor.execute("select table_name, column_name from information_schema.columns where table_schema = 'review'")
        actual: dict[str, set[str]] = {}
        for table, column in cursor.fetchall():
            actual.setdefault(table, set()).add(column)
    assert len(actual) >= 5

    common = _columns(_TEXT.split("## What every row says about itself")[1].split("## The tables")[0])
    sections = re.split(r"^### `review\.(\w+)`$", _TEXT.split("## Queries to start from")[0], flags=re.MULTILINE)[1:]
    documented = {
        table: _columns(section) | (common if table not in ("publication", "seal") else set())
        for table, section in zip(sections[::2], sections[1::2], strict=True)
    }
    assert documented == actual


def _columns(section: str) -> set[str]:
    """Collect the names in backticks in the first cell of each row."""
    return {
        name
        for line in section.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    }
