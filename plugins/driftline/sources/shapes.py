"""Hold a database's tables against the catalogue: what is there, what is missing, what may not be read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from driftline.catalogue import Entry, Field, OdooVersion, Stored
from driftline.errors import SourceAccessDenied, SourceShapeError
from driftline.sources.base import Shape

_TEXT = frozenset({"varchar", "text", "bpchar"})
_INTEGER = frozenset({"int2", "int4", "int8"})
_REAL = frozenset({"float4", "float8", "numeric"})
_ALLOWED: dict[Stored, frozenset[str]] = {
    Stored.CHAR: _TEXT,
    Stored.TEXT: _TEXT,
    Stored.HTML: _TEXT,
    Stored.SELECTION: _TEXT,
    Stored.INTEGER: _INTEGER,
    Stored.MANY2ONE: _INTEGER,
    Stored.FLOAT: _REAL,
    Stored.MONETARY: _REAL,
    Stored.BOOLEAN: frozenset({"bool"}),
    Stored.DATE: frozenset({"date"}),
    Stored.DATETIME: frozenset({"timestamp", "timestamptz"}),
    Stored.JSON: frozenset({"jsonb"}),
}


@dataclass(frozen=True)
class TableColumn:
    """A column as PostgreSQL's catalogue has it."""

    number: int
    type: str
    is_readable: bool


def read_tables(
    rows: Callable[..., list[tuple[Any, ...]]], entries: Iterable[Entry]
) -> dict[str, dict[str, TableColumn]]:
    """Look up all tables at once: table -> column -> what it is; absent tables are absent. `xmin` is included."""
    entries = list(entries)
    found: dict[str, dict[str, TableColumn]] = {}
    for table, column, number, kind, is_readable in rows(
        "select c.relname, a.attname, a.attnum, t.typname, has_column_privilege(c.oid, a.attnum, 'select')"
        " from unnest(%s, %s) as wanted(name, kind)"
        ' join pg_class c on c.oid = to_regclass(quote_ident(wanted.name)) and c.relkind = wanted.kind::"char"'
        " join pg_attribute a on a.attrelid = c.oid and not a.attisdropped and (a.attnum > 0 or a.attname = 'xmin')"
        " join pg_type t on t.oid = a.atttypid",
        [entry.table for entry in entries],
        ["v" if entry.kind == "view" else "r" for entry in entries],
    ):
        found.setdefault(table, {})[column] = TableColumn(number, kind, is_readable)
    return found


def shape_of(entry: Entry, table: dict[str, TableColumn] | None, *, version: OdooVersion, client_id: str) -> Shape:
    """Compare one table with its entry; raise SourceError when it exists but cannot be read as declared."""
    # A view is the client's to show: made for another role, or for nobody, it keeps no night from anything.
    if table is None or (entry.kind == "view" and not all(column.is_readable for column in table.values())):
        return absent_shape(entry, version=version, client_id=client_id)
    for name in entry.key:
        if name not in table or table[name].type not in _INTEGER:
            raise SourceShapeError(f"table {entry.table} has no integer column {name}.", client_id=client_id)
    if "xmin" not in table:
        raise SourceShapeError(
            f"the view {entry.table} does not show the row version, xmin.", client_id=client_id,
            hint=f"Make it anew: driftline grants --client {client_id} --second-factor",
        )  # fmt: skip
    present, missing = [], {}
    for column in entry.columns_for(version):
        stored = None if column.field.computed else table.get(column.source)
        if stored is None:
            missing[column.name] = _no_column(entry, column.source, column.field)
            continue
        if stored.type not in _allowed(column.field):
            raise SourceShapeError(
                f"{entry.table}.{column.source} is {stored.type}, the catalogue reads it as {column.field.type.value}.",
                client_id=client_id,
                hint="If Odoo changed it, correct the catalogue entry; if a customisation did, tell its owner.",
            )
        present.append((column.name, column.source))
    missing |= {name: reason for name, field in entry.all_fields.items() if (reason := field.absence(version))}
    _refuse_unreadable(entry, table, [*entry.key, "xmin", *(source for _, source in present)], client_id=client_id)
    described = "|".join(f"{name}:{table[source].number}:{table[source].type}" for name, source in present)
    return Shape(
        is_present=True,
        columns=tuple(name for name, _ in present),
        missing=missing,
        shape_hash=hashlib.sha256(f"{entry.table}|{described}".encode()).hexdigest()[:16],
    )


def _allowed(field: Field) -> frozenset[str]:
    if field.company_dependent:
        return _ALLOWED[Stored.JSON]
    return _ALLOWED[field.type] | (_ALLOWED[Stored.JSON] if field.translated else frozenset())


def _no_column(entry: Entry, source: str, field: Field) -> str:
    if field.computed:
        return "Odoo computes it and tells it over RPC only"
    brought_by = f"; it comes with {' or '.join(field.module)}" if field.module else ""
    return f"no column {source} in {entry.table}{brought_by}"


def absent_shape(entry: Entry, *, version: OdooVersion, client_id: str) -> Shape:
    """Describe a model that the client's Odoo lacks; raise SourceShapeError where it may not lack it."""
    if entry.exists_in(version) and not entry.is_optional:
        raise SourceShapeError(f"its database lacks the table {entry.table}.", client_id=client_id)
    reason = f"not in Odoo {version}"
    if entry.kind == "view":
        reason = (
            f"the view {entry.table} was not made for the reading role (direct path: driftline grants --second-factor)"
        )
    elif entry.exists_in(version):
        reason = f"module {' or '.join(entry.module)} is not installed"
    return Shape(is_present=False, columns=(), missing=dict.fromkeys(entry.all_fields, reason), shape_hash="absent")


def _refuse_unreadable(entry: Entry, table: dict[str, TableColumn], columns: list[str], *, client_id: str) -> None:
    denied = [name for name in columns if name in table and not table[name].is_readable]
    if denied:
        raise SourceAccessDenied(
            f"its reading role may not select {', '.join(denied)} of {entry.table}.",
            client_id=client_id,
            hint=f"The statements it needs: driftline grants --client {client_id}",
        )
