"""Where rows go: into memory and then by COPY (a new database), or straight in (a planted change).

Both fill what Odoo fills by itself (required columns, translations, ids). Not here: what the rows say.
"""

from __future__ import annotations

import io
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from demo.odoo.schema import Schema

Values = Mapping[str, Any]


class Sink(ABC):
    """Take rows for the tables of one version; `words` translates English names into the client's second language."""

    def __init__(self, schema: Schema, *, language: str | None, words: Mapping[str, str]) -> None:
        self.schema = schema
        self._language = language
        self._words = words

    @abstractmethod
    def add(self, table: str, values: Values, *, where_present: Values | None = None) -> int:
        """Add a row and return its id (0 for a relation); `where_present` is left out where the version lacks it."""

    def _complete(self, table: str, values: Values, where_present: Values | None) -> dict[str, Any]:
        definition = self.schema.tables[table]
        row = {name: value for name, value in definition.required.items() if value is not None}
        row.update(values)
        row.update({name: value for name, value in (where_present or {}).items() if name in definition.columns})
        unknown = [name for name in row if name not in definition.columns]
        if unknown:
            raise KeyError(f"Odoo {self.schema.version} has no column {table}.{unknown[0]}")
        return {name: self.encode(table, name, value) for name, value in row.items()}

    def encode(self, table: str, name: str, value: Any) -> Any:
        """Give a value as the column stores it: from 16.0 translated text is JSON by language."""
        column = self.schema.tables[table].columns[name]
        if value is None or column.type != "jsonb":
            return value
        if column.is_translated and isinstance(value, str):
            translations = {"en_US": value}
            if self._language and value in self._words:
                translations[self._language] = self._words[value]
            value = translations
        return json.dumps(value, ensure_ascii=False)


class Rows(Sink):
    """Rows kept in memory, in order, with ids counted from 1; written by `copy_into`."""

    def __init__(self, schema: Schema, *, language: str | None, words: Mapping[str, str]) -> None:
        super().__init__(schema, language=language, words=words)
        self._rows: dict[str, list[dict[str, Any]]] = {name: [] for name in schema.tables}

    def add(self, table: str, values: Values, *, where_present: Values | None = None) -> int:
        """Add a row to memory; an explicit id must go on from the last one."""
        row = self._complete(table, values, where_present)
        rows = self._rows[table]
        if self.schema.tables[table].key == ("id",):
            row["id"] = len(rows) + 1
        rows.append(row)
        return int(row.get("id", 0))

    def row(self, table: str, row_id: int) -> dict[str, Any]:
        """Give a row that was added, to be changed in place."""
        return self._rows[table][row_id - 1]

    def count(self, table: str) -> int:
        """Count the rows of a table so far."""
        return len(self._rows[table])

    def copy_into(self, connection: Connection) -> None:
        """Write every table by COPY."""
        with connection.cursor() as cursor:
            for name, rows in self._rows.items():
                if not rows:
                    continue
                used = {column for row in rows for column in row}
                columns = [column for column in self.schema.tables[name].columns if column in used]
                text = "".join("\t".join(_encode(row.get(column)) for column in columns) + "\n" for row in rows)
                statement = sql.SQL("copy {} ({}) from stdin").format(
                    sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, columns))
                )
                cursor.copy_expert(statement, io.StringIO(text))


class LiveRows(Sink):
    """Rows inserted one by one into a database that lives."""

    def __init__(
        self, schema: Schema, connection: Connection, *, language: str | None, words: Mapping[str, str]
    ) -> None:
        super().__init__(schema, language=language, words=words)
        self._connection = connection

    def add(self, table: str, values: Values, *, where_present: Values | None = None) -> int:
        """Insert a row; its id comes from the table's sequence."""
        row = self._complete(table, values, where_present)
        has_id = self.schema.tables[table].key == ("id",)
        statement = sql.SQL("insert into {} ({}) values ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join([sql.Placeholder()] * len(row)),
        )
        with self._connection.cursor() as cursor:
            cursor.execute(statement + sql.SQL(" returning id") if has_id else statement, list(row.values()))
            if not has_id:
                return 0
            (row_id,) = cursor.fetchall()[0]
            return int(row_id)


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _encode(value: Any) -> str:
    """Write one value as COPY's text format wants it."""
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value).translate(_ESCAPES)
