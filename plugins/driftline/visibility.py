"""Can the reading account see all rows? What the source says of itself, and rows that others point at but nobody shows.

Odoo's many2one columns have foreign keys, so a row that is pointed at exists: where the warehouse has the one and not
the other, rows are hidden (or went between two pages, which the next night puts right).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg2 import sql
from psycopg2.extras import execute_values

from driftline.catalogue import Entry
from driftline.sources import Reading

if TYPE_CHECKING:
    from datetime import datetime

    from psycopg2.extensions import cursor as DatabaseCursor


@dataclass(frozen=True)
class Sight:
    """One model as one account sees it. `verdict`: full, partial or none; the counts are NULL where nobody asked."""

    model: str
    verdict: str
    reason: str
    visible_count: int | None
    read_count: int | None
    dangling_count: int
    is_by_design: bool = False


def look(
    cursor: DatabaseCursor,
    catalogue: Iterable[Entry],
    reading: Reading,
    client_id: str,
    read_counts: Mapping[str, int | None],
    held_counts: Mapping[str, int] | None = None,
) -> list[Sight]:
    """Judge every model that the client's Odoo has, with what lies in the warehouse as evidence.

    `read_counts` says how many rows of each model the source has listed, `held_counts` how many known ones it has not.
    """
    catalogue = list(catalogue)
    pointed_at = _pointed_at(catalogue, reading)
    sights = []
    for entry in catalogue:
        shape = reading.shape(entry)
        if not (shape.is_present or shape.is_hidden):
            continue
        said = reading.visibility(entry)
        if shape.is_hidden:
            sights.append(Sight(entry.model, "none", said.reason, None, None, 0))
            continue
        read_count = read_counts.get(entry.model)
        dangling = _dangling(cursor, entry, pointed_at[entry.model], client_id)
        reasons = [said.reason] if said.reason else []
        said_count = len(reasons)
        if held_count := (held_counts or {}).get(entry.model):
            reasons.append(f"{held_count} rows that were there are not shown any more, and held")
        if dangling:
            reasons.append(f"{dangling} rows that others point at cannot be seen")
        if entry.kind == "model" and said.visible_count is not None and read_count is not None:
            reasons += _count_reason(said.visible_count, read_count)
        sights.append(
            Sight(
                entry.model,
                "partial" if reasons else "full",
                "; ".join(reasons),
                said.visible_count if entry.kind == "model" else None,
                read_count,
                dangling,
                is_by_design=said.is_by_design and len(reasons) == said_count,
            )
        )
    return sights


def record(cursor: DatabaseCursor, sights: list[Sight], *, client_id: str, night_id: str | None, at: datetime) -> None:
    """Replace what `ops.visibility` says of the client."""
    cursor.execute("delete from ops.visibility where client_id = %s", (client_id,))
    execute_values(
        cursor,
        "insert into ops.visibility (client_id, model, verdict, reason, visible_count, read_count, dangling_count,"
        " is_by_design, night_id, checked_at) values %s",
        [
            (
                client_id,
                sight.model,
                sight.verdict,
                sight.reason,
                sight.visible_count,
                sight.read_count,
                sight.dangling_count,
                sight.is_by_design,
                night_id,
                at,
            )
            for sight in sights
        ],
    )


def _count_reason(visible_count: int, read_count: int) -> list[str]:
    # The source was asked before it was read: a few rows come and go meanwhile.
    difference = abs(visible_count - read_count)
    if difference <= max(5, visible_count // 100):
        return []
    return [f"the source counts {visible_count} rows and gave {read_count}"]


def _pointed_at(catalogue: Iterable[Entry], reading: Reading) -> dict[str, list[tuple[Entry, str]]]:
    """Find the columns that point at each model."""
    found: dict[str, list[tuple[Entry, str]]] = defaultdict(list)
    for entry in catalogue:
        for field, target in reading.shape(entry).references.items():
            found[target].append((entry, field))
    return found


def _dangling(cursor: DatabaseCursor, entry: Entry, pointers: list[tuple[Entry, str]], client_id: str) -> int:
    if not pointers:
        return 0
    pointing = sql.SQL(" union ").join(
        sql.SQL("select {} from raw.{} where client_id = {} and _deleted_at is null").format(
            sql.Identifier(field), sql.Identifier(other.table), sql.Literal(client_id)
        )
        for other, field in pointers
    )
    cursor.execute(
        sql.SQL(
            "select count(*) from ({pointing}) as p (id) where id is not null"
            " and not exists (select from raw.{table} t where t.client_id = {client} and t.id = p.id"
            " and t._deleted_at is null)"
        ).format(pointing=pointing, table=sql.Identifier(entry.table), client=sql.Literal(client_id))
    )
    return int((cursor.fetchone() or (0,))[0])
