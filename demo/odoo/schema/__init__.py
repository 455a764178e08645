"""Odoo's own tables as one version has them: the excerpts beside this file, read and turned into DDL.

Not here: rows (`demo.odoo.rows`), and how the excerpts are made (`make`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from psycopg2 import sql

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Column:
    """One stored column: its type in PostgreSQL, its field type in Odoo (None where the field list hides it)."""

    name: str
    type: str
    field_type: str | None
    relation: str | None
    is_translated: bool


@dataclass(frozen=True)
class Table:
    """One table; `required` maps NOT NULL columns to the value Odoo puts there by default."""

    name: str
    model: str | None
    key: tuple[str, ...]
    required: dict[str, Any]
    unique: tuple[tuple[str, ...], ...]
    indexed: tuple[str, ...]
    columns: dict[str, Column]


@dataclass(frozen=True)
class Schema:
    """The excerpt of one Odoo version; `modules` maps a module to (installed version, author)."""

    version: str
    source: str
    tables: dict[str, Table]
    modules: dict[str, tuple[str, str]]

    @property
    def major(self) -> int:
        """17 for 17.0."""
        return int(self.version.split(".")[0])

    def has(self, table: str, column: str | None = None) -> bool:
        """Say whether this version has the table, and the column in it."""
        return table in self.tables and (column is None or column in self.tables[table].columns)


@cache
def load_schema(version: str) -> Schema:
    """Read one excerpt; raise FileNotFoundError that names the known versions."""
    path = HERE / f"{version}.json"
    if not path.exists():
        known = ", ".join(sorted(file.stem for file in HERE.glob("*.json")))
        raise FileNotFoundError(f"{path}: no schema excerpt of Odoo {version}. Known: {known}.")
    content = json.loads(path.read_text())
    return Schema(
        version=content["version"],
        source=content["source"],
        tables={name: _table(name, entry) for name, entry in content["tables"].items()},
        modules={name: (version, author) for name, (version, author) in content["modules"].items()},
    )


def create_statements(schema: Schema) -> Iterator[sql.Composable]:
    """Give the statements that make the tables, before the rows come."""
    for table in schema.tables.values():
        parts = [_column_definition(table, column) for column in table.columns.values()]
        parts.append(sql.SQL("primary key ({})").format(_names(table.key)))
        yield sql.SQL("create table {} ({})").format(sql.Identifier(table.name), sql.SQL(", ").join(parts))


def finish_statements(schema: Schema) -> Iterator[sql.Composable]:
    """Give the statements that add indexes and move the sequences behind the rows."""
    for table in schema.tables.values():
        name = sql.Identifier(table.name)
        for columns in table.unique:
            yield sql.SQL("create unique index on {} ({})").format(name, _names(columns))
        for columns_text in table.indexed:
            yield sql.SQL("create index on {} ({})").format(name, _names(tuple(columns_text.split(", "))))
        if table.key == ("id",):
            yield sql.SQL(
                "select setval(pg_get_serial_sequence({}, 'id'), coalesce(max(id), 0) + 1, false) from {}"
            ).format(sql.Literal(table.name), name)


def _column_definition(table: Table, column: Column) -> sql.Composable:
    # Odoo's ids are serial columns: the sequence is theirs, and a user's insert takes the next number from it.
    declared = "serial" if table.key == ("id",) and column.name == "id" else column.type
    ending = " not null" if column.name in table.required or column.name in table.key else ""
    return sql.SQL("{} " + declared + ending).format(sql.Identifier(column.name))


def _names(columns: tuple[str, ...]) -> sql.Composable:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _table(name: str, entry: dict[str, Any]) -> Table:
    columns = {
        column: Column(column, kind, field_type, extra if isinstance(extra, str) else None, extra is True)
        for column, (kind, field_type, extra) in entry["columns"].items()
    }
    return Table(
        name=name,
        model=entry["model"],
        key=tuple(entry["key"]),
        required=entry["required"],
        unique=tuple(tuple(columns) for columns in entry["unique"]),
        indexed=tuple(entry["indexed"]),
        columns=columns,
    )
