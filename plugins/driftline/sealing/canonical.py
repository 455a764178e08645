"""Rows as text that is the same whenever the rows are: one JSON array a line, sorted, persons under pseudonyms.

The first line names the columns. Published numbers are rounded, inputs kept to the last digit: others are computed from
them. What a person is called is left out of both, so that it can be erased without breaking a seal.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from psycopg2 import sql

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

# What publication and the runs add to a row, and a rebuilt row cannot have.
RUN_COLUMNS = ("build_id", "published_at", "is_stale", "stale_since_at", "stale_reason")
_SUPERUSER = 1  # of Odoo itself: no person, and rules know it by its id


@dataclass(frozen=True)
class Rules:
    """How values become text; kept in each manifest, so that an old seal is read by its own rules."""

    decimals: int = 6
    person_ids: str = r"(?:^|_)odoo_(user|partner|employee)_id$"
    names: str = (
        r"(?:^|_)(login|email|phone|(changed|touched|decided)_by|(user|partner|employee|person|author)_name"
        r"|row_hash|conf)$"
    )
    records: str = r"(?:^|_)evidence_ids$"  # arrays of "model,id"
    other_clients: str = r"^client_ids$"

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Rules:
        """Read the rules of a seal."""
        return cls(**manifest["rules"])

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Columns:
    """A table's columns with their types, in order."""

    types: Mapping[str, str]

    @classmethod
    def read(cls, cursor: Cursor, relation: str) -> Columns:
        """Read them from the database; empty where there is no such relation."""
        cursor.execute(
            "select attname, format_type(atttypid, atttypmod) from pg_attribute"
            " where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped order by attnum",
            (quoted(relation),),
        )
        return cls(dict(cursor.fetchall()))

    def without(self, names: Sequence[str]) -> Columns:
        return Columns({name: kind for name, kind in self.types.items() if name not in names})


@dataclass(frozen=True)
class Part:
    """One table of a seal as text, with what the manifest says of it."""

    table: str
    text: bytes

    @property
    def row_count(self) -> int:
        return self.text.count(b"\n") - 1

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text).hexdigest()

    @property
    def columns(self) -> dict[str, str]:
        return dict(json.loads(self.text.split(b"\n", 1)[0]))

    def as_data(self) -> dict[str, Any]:
        columns = [list(pair) for pair in self.columns.items()]
        return {"rows": self.row_count, "sha256": self.sha256, "columns": columns}


def quoted(relation: str) -> str:
    """Quote schema.name for to_regclass."""
    return ".".join('"{}"'.format(part.replace('"', '""')) for part in relation.split(".", 1))


def pseudonym_key(salt: str, client_id: str) -> str:
    """Derive what a client's pseudonyms are made with; the salt itself stays here."""
    return hmac.new(salt.encode(), f"seal of {client_id}".encode(), hashlib.sha256).hexdigest()


def export(
    cursor: Cursor,
    table: str,
    columns: Columns,
    source: sql.Composable,
    *,
    rules: Rules,
    is_rounded: bool,
    key: str | None,
    client_id: str,
) -> Part:
    """Write the rows of `source` under these columns; without a key the ids are pseudonyms already."""
    values = [
        _value(name, kind, rules, is_rounded=is_rounded, key=key, client_id=client_id)
        for name, kind in columns.types.items()
    ]
    query = sql.SQL(
        "copy (select line from (select jsonb_build_array({values})::text as line from {source}) as lines"
        " order by line collate \"C\") to stdout with (format csv, delimiter e'\\x02', quote e'\\x01')"
    ).format(values=sql.SQL(", ").join(values), source=source)
    buffer = io.BytesIO()
    buffer.write(json.dumps(list(columns.types.items()), ensure_ascii=False).encode() + b"\n")
    cursor.copy_expert(query, buffer)
    return Part(table=table, text=buffer.getvalue())


def _value(name: str, kind: str, rules: Rules, *, is_rounded: bool, key: str | None, client_id: str) -> sql.Composable:
    column = sql.Identifier(name)
    if re.search(rules.names, name):
        return sql.SQL("null::text")
    if re.search(rules.other_clients, name):
        return sql.SQL("array[{}]::text").format(sql.Literal(client_id))
    if match := re.search(rules.person_ids, name):
        return _pseudonym(column, match[1], key)
    if kind == "text[]" and re.search(rules.records, name):
        return _pseudonyms_within(column, key)
    if kind in ("double precision", "real", "numeric") and is_rounded:
        return sql.SQL("trim_scale(round({}::numeric, {}))::text").format(column, sql.Literal(rules.decimals))
    return sql.SQL("{}::text").format(column)


def _pseudonym(column: sql.Identifier, kind: str, key: str | None) -> sql.Composable:
    if key is None:
        return sql.SQL("{}::text").format(column)
    return sql.SQL(
        "case when {column} = {superuser} then {column} else"
        " ('x' || left(encode(sha256(convert_to({key} || {kind} || {column}::text, 'UTF8')), 'hex'), 15))"
        "::bit(60)::bigint end::text"
    ).format(column=column, superuser=sql.Literal(_SUPERUSER), key=sql.Literal(key), kind=sql.Literal(f" {kind} "))


def _pseudonyms_within(column: sql.Identifier, key: str | None) -> sql.Composable:
    """Replace the ids of persons among records, by the same pseudonyms as in columns of ids."""
    if key is None:
        return sql.SQL("{}::text").format(column)
    return sql.SQL(
        "coalesce((select array_agg(case"
        " when person.kind is null or split_part(record, ',', 2) = {superuser} then record"
        " else split_part(record, ',', 1) || ',' || ('x' || left(encode(sha256(convert_to("
        "{key} || ' ' || person.kind || ' ' || split_part(record, ',', 2), 'UTF8')), 'hex'), 15))::bit(60)::bigint"
        " end order by place) from unnest({column}) with ordinality as element (record, place)"
        " left join (values ('res.users', 'user'), ('res.partner', 'partner'), ('hr.employee', 'employee'))"
        " as person (model, kind) on person.model = split_part(record, ',', 1)), {column})::text"
    ).format(column=column, superuser=sql.Literal(str(_SUPERUSER)), key=sql.Literal(key))


def load(cursor: Cursor, part: Part) -> None:
    """Create the table and fill it with the rows of a part; the schema must be there."""
    schema, name = part.table.split(".", 1)
    target = sql.Identifier(schema, name)
    columns = part.columns
    definitions = [sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in columns.items()]
    cursor.execute(sql.SQL("create table {} ({})").format(target, sql.SQL(", ").join(definitions)))
    cursor.execute("create temporary table if not exists lines (line text)")
    cursor.execute("truncate lines")
    rows = io.BytesIO(part.text.split(b"\n", 1)[1])
    cursor.copy_expert("copy lines from stdin with (format csv, delimiter e'\\x02', quote e'\\x01')", rows)
    values = [
        sql.SQL("(line::jsonb ->> {})::{}").format(sql.Literal(position), sql.SQL(kind))
        for position, kind in enumerate(columns.values())
    ]
    cursor.execute(sql.SQL("insert into {} select {} from lines").format(target, sql.SQL(", ").join(values)))
