"""The table of planted defects: what is asked, what was planted, what was seen to fail and what that cost.

`python -m tests.quality.defect_table` plants all of them in a PostgreSQL of its own, checks, and prints the table;
`--json` for a machine, `--write` into docs/planted-defects.md. Exit code 1 when one was not seen as it should be.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg2
from driftline import quality
from driftline.migrate import migrate
from driftline.quality.suites import load_suites

from demo.postgres import EmbeddedPostgres
from tests.conftest import REPOSITORY, Warehouse, make_settings, run_autocommit
from tests.quality import candidates
from tests.quality.defects import FOR_ALL_CLIENTS, FOR_ONE_CLIENT, Defect

DOCUMENT = REPOSITORY / "docs" / "planted-defects.md"
DECLARED = {
    (suite.table, expectation.id): expectation
    for suite in load_suites(REPOSITORY / "expectations")
    for expectation in suite.expectations
}
CLIENT_OF = {place: f"client_{number}" for number, place in enumerate(FOR_ONE_CLIENT)}

Place = tuple[str, str]


@dataclass(frozen=True)
class Row:
    """One expectation, its defect and the outcome; `also_failed` asks the same in other words."""

    suite: str
    expectation: str
    severity: str
    asks: str
    defect: str
    failed_for: str
    also_failed: tuple[str, ...]
    cost: str
    is_as_expected: bool


def plant(warehouse: Warehouse, statement: str, **parameters: object) -> None:
    connection = psycopg2.connect(warehouse.url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
    finally:
        connection.close()


def failures(warehouse: Warehouse) -> set[tuple[Place, str]]:
    rows = warehouse.rows("select suite, expectation, client_id from quality.check_result where not is_passed")
    return {((suite, expectation), client_id) for suite, expectation, client_id in rows}


def row_of(place: Place, defect: Defect, seen: set[Place], whose: str) -> Row:
    """Say of one planted defect what was seen to fail for whom it was planted in."""
    declared = DECLARED[place]
    cost = "told" if declared.severity == "warning" else f"{'all gates' if whose == '*' else 'gate'} closed"
    if declared.voids:
        cost = "KPI n/a"
    elif defect.stranger:
        cost = "rows of a stranger, published for nobody"
    return Row(
        suite=place[0],
        expectation=place[1],
        severity=declared.severity,
        asks=declared.notes,
        defect=" ".join(defect.sql.split()),
        failed_for="nobody" if place not in seen else "all clients" if whose == "*" else "that client alone",
        also_failed=tuple(sorted(f"{suite}: {expectation}" for suite, expectation in seen - {place})),
        cost=cost,
        is_as_expected=seen == {place, *defect.also},
    )


def rows_for_one_client(found: set[tuple[Place, str]]) -> Iterator[Row]:
    """Give the rows of one warehouse in which every client has a defect of its own."""
    for place, defect in FOR_ONE_CLIENT.items():
        seen = {item for item, client in found if client.removesuffix("_unknown") == CLIENT_OF[place]}
        yield row_of(place, defect, seen, CLIENT_OF[place])


def markdown(row: Row) -> str:
    """Write a row as the document has it; the SQL is in tests/quality/defects.py."""
    also = f"; with it {', '.join(row.also_failed)}" if row.also_failed else ""
    return (
        f"| `{row.suite}` | `{row.expectation}` | {row.severity} | {row.asks} | {row.failed_for}{also} | {row.cost} |"
    )


def _measure() -> Iterator[Row]:
    server = EmbeddedPostgres(REPOSITORY / "build" / "planted-defects").start()
    try:
        run_autocommit(server.url(), "create database template")
        migrate(make_settings(server.url("template")))

        def fresh(name: str, clients: list[str]) -> Warehouse:
            run_autocommit(server.url(), f'create database "{name}" template "template"')
            warehouse = Warehouse(server.url(name), make_settings(server.url(name)))
            candidates.make_tables(warehouse)
            candidates.fill(warehouse, clients)
            return warehouse

        warehouse = fresh("planted", ["sound", *CLIENT_OF.values()])
        for place, defect in FOR_ONE_CLIENT.items():
            plant(warehouse, defect.sql, client=CLIENT_OF[place])
        quality.check(warehouse.settings, build_id=candidates.BUILD_ID, now=candidates.NOW)
        yield from rows_for_one_client(failures(warehouse))
        for number, (place, defect) in enumerate(FOR_ALL_CLIENTS.items()):
            warehouse = fresh(f"whole_{number}", ["acme", "beta"])
            plant(warehouse, defect.sql)
            quality.check(warehouse.settings, build_id=candidates.BUILD_ID, now=candidates.NOW)
            yield row_of(place, defect, {item for item, _ in failures(warehouse)}, "*")
    finally:
        server.stop("immediate")
        shutil.rmtree(server.folder, ignore_errors=True)


def document(rows: list[Row]) -> str:
    """Write the whole document."""
    head = (
        "# Planted defects\n\nEvery expectation has been seen to fail: a defect was planted for it, in the data of one"
        " client where it speaks of rows, and exactly\nthat expectation failed for exactly that client.\n"
        f"{len(rows)} expectations, {len(DECLARED) - len(rows)} without a defect. Made by `python -m"
        " tests.quality.defect_table --write`; the defects are in `tests/quality/defects.py`.\n\n"
        "| suite | expectation | severity | asks | failed for | cost |\n| --- | --- | --- | --- | --- | --- |\n"
    )
    return head + "\n".join(map(markdown, sorted(rows, key=lambda row: (row.suite, row.expectation)))) + "\n"


def main(arguments: list[str]) -> int:
    rows = list(_measure())
    if "--write" in arguments:
        Path(DOCUMENT).write_text(document(rows), encoding="utf-8")
    elif "--json" in arguments:
        print(json.dumps([asdict(row) for row in rows], indent=1))
    else:
        print(document(rows), end="")
    return 0 if len(rows) == len(DECLARED) and all(row.is_as_expected for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
