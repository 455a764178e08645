"""Deletions where the source shows no row versions: every key it has is listed, and what it lacks is buried or held.

A lost right looks like a deletion, so more of them in one night than is believed are held: the rows stay as they were
and the completeness says so, until somebody decides (`driftline reconcile --accept-deletions`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg2 import sql

from driftline.catalogue import Entry
from driftline.landing import Landed, Night, add_to_stage, parameters, pump, stage_name
from driftline.sources import Reading, WithIds
from driftline.watching import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta

    from psycopg2.extensions import cursor as DatabaseCursor

    from driftline.registry import Limits


# As many rows are looked at, batch after batch, to find out whether a database was put back.
_NEWEST_ROWS = (20, 500, 500, 500, 500)


@dataclass(frozen=True)
class Belief:
    """How many deletions of a model are believed in one night."""

    share_pct: float
    count: int

    @classmethod
    def of(cls, limits: Limits) -> Belief:
        """Read it from the client's limits."""
        return cls(limits.rpc_believed_deletions_pct, limits.rpc_believed_deletions_count)

    def holds(self, gone_count: int, live_count: int) -> bool:
        """Say whether so many deletions are too many to be believed."""
        return gone_count > self.count and gone_count * 100 > self.share_pct * live_count


EVERYTHING_IS_BELIEVED = Belief(share_pct=100, count=0)


def list_keys(cursor: DatabaseCursor, entry: Entry, reading: Reading, watch: Watch) -> int:
    """Copy every id that the source has next to `raw`; return how many."""
    table = _keys_name(entry)
    cursor.execute(sql.SQL("create temporary table {} (id bigint primary key) on commit drop").format(table))
    query = sql.SQL("copy pg_temp.{} (id) from stdin").format(table)
    listed = pump(cursor, entry, query, lambda sink: reading.write_keys(entry, sink), watch)
    cursor.execute(sql.SQL("analyze pg_temp.{}").format(table))
    return listed.rows_read


def stage_missing(cursor: DatabaseCursor, entry: Entry, reading: Reading, night: Night, watch: Watch) -> Landed:
    """Read the rows that are listed and neither known nor staged: they came, or came into sight, without a new stamp.

    A row that was listed and is gone when it is asked for counts as not listed.
    """
    cursor.execute(
        sql.SQL(
            "select k.id from pg_temp.{keys} k"
            " where not exists (select from pg_temp.{stage} s where s.id = k.id)"
            " and not exists (select from raw.{table} t where t.client_id = %s and t.id = k.id"
            " and t._deleted_at is null) order by 1"
        ).format(keys=_keys_name(entry), stage=stage_name(entry), table=sql.Identifier(entry.table)),
        (night.client_id,),
    )
    ids = [row[0] for row in cursor.fetchall()]
    if not ids:
        return Landed()
    landed = add_to_stage(cursor, entry, reading, WithIds(ids), watch)
    cursor.execute(
        sql.SQL(
            "delete from pg_temp.{keys} k where k.id = any(%s)"
            " and not exists (select from pg_temp.{stage} s where s.id = k.id)"
        ).format(keys=_keys_name(entry), stage=stage_name(entry)),
        (ids,),
    )
    return landed


def bury_unlisted(
    cursor: DatabaseCursor, entry: Entry, night: Night, *, are_keys_listed: bool, belief: Belief
) -> tuple[Landed, int]:
    """Bury live rows that the source lists no more, or hold them all when they are too many; return both counts.

    Without a list of keys, the staged rows are all there are.
    """
    listed = _keys_name(entry) if are_keys_listed else stage_name(entry)
    same = sql.SQL(" and ").join(sql.SQL("k.{0} = t.{0}").format(sql.Identifier(name)) for name in entry.key)
    gone = sql.SQL(
        "t.client_id = %(client_id)s and t._deleted_at is null"
        " and not exists (select from pg_temp.{listed} k where {same})"
    ).format(listed=listed, same=same)
    table = sql.Identifier(entry.table)
    cursor.execute(
        sql.SQL(
            "select (select count(*) from raw.{table} t where {gone}),"
            " (select count(*) from raw.{table} where client_id = %(client_id)s and _deleted_at is null)"
        ).format(table=table, gone=gone),
        parameters(night),
    )
    gone_count, live_count = cursor.fetchone() or (0, 0)
    if belief.holds(gone_count, live_count):
        return Landed(), int(gone_count)
    if gone_count:
        cursor.execute(
            sql.SQL(
                "update raw.{table} t set _deleted_at = %(as_of_at)s, _read_at = %(read_at)s, _night_id = %(night_id)s"
                " where {gone}"
            ).format(table=table, gone=gone),
            parameters(night),
        )
    return Landed(rows_tombstoned=int(gone_count)), 0


def listed_count(cursor: DatabaseCursor, entry: Entry, *, are_keys_listed: bool) -> int:
    """Count the keys that the source has."""
    table = _keys_name(entry) if are_keys_listed else stage_name(entry)
    cursor.execute(sql.SQL("select count(*) from pg_temp.{}").format(table))
    return int((cursor.fetchone() or (0,))[0])


def live_count(cursor: DatabaseCursor, entry: Entry, client_id: str) -> int:
    """Count the rows that the warehouse takes for alive."""
    cursor.execute(
        sql.SQL("select count(*) from raw.{} where client_id = %s and _deleted_at is null").format(
            sql.Identifier(entry.table)
        ),
        (client_id,),
    )
    return int((cursor.fetchone() or (0,))[0])


def was_put_back(cursor: DatabaseCursor, entry: Entry, reading: Reading, client_id: str, *, overlap: timedelta) -> bool:
    """Say whether the source shows a row older than the warehouse knows it: then it was put back to an older state.

    The rows that were written last are asked for, newest first, since those that were made after the backup are gone.
    One that is as it was proves that the backup is younger than it, so that only what was in flight then is left to
    look at.
    """
    newest_alive = None
    for known in _newest_rows(cursor, entry, client_id):
        stamps = reading.stamps(entry, sorted(known))
        if any(stamp < known[row_id].replace(microsecond=0) for row_id, stamp in stamps.items()):
            return True
        alive = [at for row_id, at in known.items() if stamps.get(row_id) == at.replace(microsecond=0)]
        newest_alive = newest_alive or max(alive, default=None)
        if newest_alive and min(known.values()) < newest_alive - overlap:
            return False
    return False


def _newest_rows(cursor: DatabaseCursor, entry: Entry, client_id: str) -> Iterator[dict[int, datetime]]:
    """Look up the rows that were written last, as far as the warehouse knows, newest first: id -> write_date."""
    last: tuple[object, ...] = ("infinity", 0)
    for limit in _NEWEST_ROWS:
        cursor.execute(
            sql.SQL(
                "select id, write_date from raw.{} where client_id = %s and _deleted_at is null"
                " and (write_date, id) < (%s::timestamptz, %s) order by write_date desc, id desc limit %s"
            ).format(sql.Identifier(entry.table)),
            (client_id, *last, limit),
        )
        rows = cursor.fetchall()
        if not rows:
            return
        last = rows[-1][::-1]
        yield dict(rows)


def count_missed(cursor: DatabaseCursor, entry: Entry, client_id: str, *, window_start: datetime) -> int:
    """Count staged rows that differ from `raw` though their stamp lies before the nights' window: they were missed."""
    values = [*entry.all_fields]
    is_old = sql.SQL("coalesce(s.write_date < %(window_start)s, true)") if "write_date" in values else sql.SQL("true")
    cursor.execute(
        sql.SQL(
            "select count(*) from pg_temp.{stage} s join raw.{table} t on t.client_id = %(client_id)s and {same}"
            " where {is_old} and ({new}, null::timestamptz) is distinct from ({old}, t._deleted_at)"
        ).format(
            stage=stage_name(entry),
            table=sql.Identifier(entry.table),
            same=sql.SQL(" and ").join(sql.SQL("s.{0} = t.{0}").format(sql.Identifier(name)) for name in entry.key),
            is_old=is_old,
            new=sql.SQL(", ").join(sql.SQL("s.{}").format(sql.Identifier(name)) for name in [*values, "_row_version"]),
            old=sql.SQL(", ").join(sql.SQL("t.{}").format(sql.Identifier(name)) for name in [*values, "_row_version"]),
        ),
        {"client_id": client_id, "window_start": window_start},
    )
    return int((cursor.fetchone() or (0,))[0])


def _keys_name(entry: Entry) -> sql.Identifier:
    return sql.Identifier(f"keys_{entry.table}"[:63])
