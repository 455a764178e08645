"""Digests in SQL, the same for both sides of the direct path: how many rows a bucket of ids has, and which.

Who asks for them, and what is done about a difference, is `reconcile`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from psycopg2 import sql

from driftline.catalogue import Entry
from driftline.sources.base import BUCKET_SIZE


def digest_query(
    entries: Sequence[Entry],
    *,
    table: Callable[[Entry], sql.Composable],
    row_version: sql.Composable,
    condition: sql.Composable,
    is_live: sql.Composable,
) -> sql.Composable:
    """Make the digest of either side for all models in one statement; a round trip each costs more than a small table.

    Rows: model, bucket, live rows, sum of their hashes, rows that are not live.
    """
    return sql.SQL(" union all ").join(
        sql.SQL(
            "select {model}::text, ({key} / {size})::bigint, count(*) filter (where {is_live}),"
            " coalesce(sum({hashed}) filter (where {is_live}), 0), count(*) filter (where not {is_live})"
            " from only {table} where {condition} group by 2"
        ).format(
            model=sql.Literal(entry.model),
            key=sql.Identifier(entry.key[0]),
            size=sql.Literal(BUCKET_SIZE),
            hashed=_hashed(entry, row_version),
            table=table(entry),
            condition=condition,
            is_live=is_live,
        )
        for entry in entries
    )


def _hashed(entry: Entry, row_version: sql.Composable) -> sql.Composable:
    hashed = row_version
    for name in reversed(entry.key):
        hashed = sql.SQL("hashint8extended({}, {})").format(sql.Identifier(name), hashed)
    return hashed


def value_digest_query(
    entry: Entry, *, table: sql.Composable, values: Mapping[str, sql.Composable], condition: sql.Composable
) -> sql.Composable:
    """Make the digest of every value of both sides: bucket, rows, sum of the hashes of whole rows.

    Both sides are brought to the warehouse's types first; a float is compared by its bits, since servers of different
    versions write it differently.
    """
    cast = []
    for name, value in values.items():
        kind = entry.all_fields[name].column_type
        shape = "float8send(({})::{})" if kind == "double precision" else "({})::{}"
        cast.append(sql.SQL(shape).format(value, sql.SQL(kind)))
    columns = sql.SQL(", ").join([*(sql.SQL("{}::bigint").format(sql.Identifier(name)) for name in entry.key), *cast])
    return sql.SQL(
        "select ({key} / {size})::bigint, count(*), coalesce(sum(hashtextextended(row({columns})::text, 0)), 0)"
        " from only {table} where {condition} group by 1"
    ).format(
        key=sql.Identifier(entry.key[0]),
        size=sql.Literal(BUCKET_SIZE),
        columns=columns,
        table=table,
        condition=condition,
    )
