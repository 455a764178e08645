"""The parts of a seal: what is published of one client and quarter, and the inputs that it was computed from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from psycopg2 import sql

from driftline.errors import SealError
from driftline.sealing.canonical import RUN_COLUMNS, Columns, Part, Rules, export

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

# The reasons for which a KPI is not shown are no input of dbt, but they are of what is published.
_ALWAYS = ("quality.voided_kpi",)


def published_tables(cursor: Cursor) -> list[str]:
    """List the tables that publication fills: all of `review` that can be stale."""
    cursor.execute(
        "select 'review.' || c.relname from pg_class c"
        " join pg_attribute a on a.attrelid = c.oid and a.attname = 'is_stale' and not a.attisdropped"
        " where c.relnamespace = 'review'::regnamespace and c.relkind = 'r' order by 1"
    )
    return [name for (name,) in cursor.fetchall()]


def export_published(
    cursor: Cursor,
    *,
    client_id: str,
    quarter: str,
    rules: Rules,
    key: str | None,
    sealed: Mapping[str, Mapping[str, str]] | None = None,
) -> list[Part]:
    """Write what is published; with `sealed` only the tables and columns that an earlier seal knew.

    Raises SealError where a table or column of it is no longer there.
    """
    parts = []
    for table in sealed if sealed is not None else published_tables(cursor):
        columns = Columns.read(cursor, table).without(RUN_COLUMNS)
        if sealed is not None:
            if missing := sorted(set(sealed[table]) - set(columns.types)):
                raise SealError(f"{table} has no longer the columns {', '.join(missing)}.", client_id=client_id)
            columns = Columns({name: columns.types[name] for name in sealed[table]})
        schema, name = table.split(".", 1)
        source = sql.SQL("{} where client_id = {} and quarter = {}").format(
            sql.Identifier(schema, name), sql.Literal(client_id), sql.Literal(quarter)
        )
        parts.append(export(cursor, table, columns, source, rules=rules, is_rounded=True, key=key, client_id=client_id))
    return parts


def export_inputs(
    cursor: Cursor, relations: Iterable[str], *, client_id: str, quarter: str, build_id: str, rules: Rules, key: str
) -> list[Part]:
    """Write one client's rows of each input; of a table that knows no clients, all of them."""
    parts = []
    for table in sorted({*relations, *_ALWAYS}):
        columns = Columns.read(cursor, table)
        if not columns.types:
            raise SealError(f"the build's input {table} is not there.", client_id=client_id, hint="Build again.")
        schema, name = table.split(".", 1)
        conditions = []
        if "client_id" in columns.types:
            conditions.append(sql.SQL("client_id = {}").format(sql.Literal(client_id)))
        elif "night_id" in columns.types:
            conditions.append(
                sql.SQL("night_id in (select r.night_id from ops.client_run r where r.client_id = {})").format(
                    sql.Literal(client_id)
                )
            )
        if schema in ("ops", "quality") and "build_id" in columns.types:
            conditions.append(sql.SQL("build_id = {}").format(sql.Literal(build_id)))
        if schema == "review":
            # What was published of quarters before; this one's rows are the outcome.
            conditions.append(sql.SQL("quarter < {}").format(sql.Literal(quarter)))
        where = sql.SQL(" and ").join(conditions) if conditions else sql.SQL("true")
        source = sql.SQL("{} where {}").format(sql.Identifier(schema, name), where)
        parts.append(
            export(cursor, table, columns, source, rules=rules, is_rounded=False, key=key, client_id=client_id)
        )
    return parts
