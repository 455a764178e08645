"""Publication: a build's candidates become what readers see, client by client, as the gate decided.

One transaction changes all clients' rows in all review tables: a reader sees a client as it was before or as it is
after, and waits for nothing. What may be published is decided by `quality`; what the numbers are, by `dbt_project/`.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from psycopg2 import sql
from psycopg2.extras import execute_values

from driftline.errors import GateError
from driftline.warehouse import BUILD_LOCK, Role, connect, hold_for_transaction

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from driftline.settings import Settings

PUBLISH_LOCK = "driftline:publish"

# The candidates bring their build's id; the rest is written by publication alone.
_BOOKKEEPING = ("published_at", "is_stale", "stale_since_at", "stale_reason")

# A KPI that failed a check of its own is not shown: it is n/a, with the reason, whatever its row says.
_VOIDED_SOURCE = sql.SQL(
    "{} left join (select client_id, kpi, v.reason as void_reason from quality.voided_kpi v"
    " where build_id = current_setting('driftline.build_id')) as voided using (client_id, kpi)"
)
_VOIDED_VALUES = {
    "value": sql.SQL("case when void_reason is null then value end"),
    "previous_value": sql.SQL("case when void_reason is null then previous_value end"),
    "verdict": sql.SQL("case when void_reason is null then verdict else 'n/a' end"),
    "reason": sql.SQL("coalesce(void_reason, reason)"),
}


@dataclass(frozen=True)
class PublishReport:
    """What a publication did. The `kept_…` name the clients whose rows stayed, with the reason."""

    build_id: str
    published_client_ids: tuple[str, ...]
    kept_stale: Mapping[str, str]
    kept_newer: Mapping[str, str]
    kept_sealed: Mapping[str, str]
    row_counts: Mapping[str, int]
    elapsed_seconds: float


@dataclass(frozen=True)
class _Decision:
    client_id: str
    quarter: str
    as_of_at: datetime
    is_published: bool
    is_newer_kept: bool
    is_sealed: bool
    reason: str

    @property
    def is_stale(self) -> bool:
        """What is published should have been replaced and was not."""
        return not (self.is_published or self.is_newer_kept or self.is_sealed)


def publish(settings: Settings, *, build_id: str, now: datetime) -> PublishReport:
    """Publish one checked build; doing it again changes nothing but the time of publication.

    Raises GateError, with nothing changed, when the build did not succeed, was not checked, or its candidates have been
    replaced by another build's or have another shape than the published tables.
    """
    started = time.monotonic()
    with (
        connect(settings, role=Role.PUBLISHER, application="driftline publish") as connection,
        connection.cursor() as cursor,
    ):
        decisions, counts = _publish(cursor, build_id, now)
    return _report(build_id, decisions, counts, elapsed_seconds=time.monotonic() - started)


def correct(cursor: Cursor, *, build_id: str, client_id: str, now: datetime) -> None:
    """Replace one client's sealed rows within the caller's transaction, which has to seal them again.

    Raises GateError like `publish`, and when the client's gate is closed.
    """
    cursor.execute("select set_config('driftline.correcting', 'yes', true)")
    decisions, _ = _publish(cursor, build_id, now, corrected=client_id)
    if not decisions or not decisions[0].is_published:
        reason = decisions[0].reason if decisions else "it is not in the build"
        raise GateError(f"nothing was corrected: {reason}.", client_id=client_id)


def _publish(
    cursor: Cursor, build_id: str, now: datetime, *, corrected: str | None = None
) -> tuple[list[_Decision], dict[str, dict[str, int]]]:
    hold_for_transaction(cursor, PUBLISH_LOCK)
    # No build may replace the candidates while they are being copied.
    hold_for_transaction(cursor, BUILD_LOCK, is_shared=True)
    cursor.execute("select set_config('driftline.build_id', %s, true)", (build_id,))
    _refuse_unchecked(cursor, build_id)
    tables = _published_tables(cursor)
    decisions = [item for item in _decide(cursor, corrected) if corrected in (None, item.client_id)]
    _refuse_foreign_rows(cursor, tables, build_id, decisions)
    counts = {name: _replace(cursor, name, columns, decisions, now) for name, columns in tables.items()}
    for name in tables:
        _mark_stale(cursor, name, decisions, now)
    _log(cursor, build_id, decisions, counts, now)
    return decisions, counts


def candidate_digests(cursor: Cursor, build_id: str) -> dict[str, str]:
    """Give, for each client whose gate is open, a digest of the rows that readers would see of this build."""
    cursor.execute("select set_config('driftline.build_id', %s, true)", (build_id,))
    digests: dict[str, list[str]] = {}
    for table, columns in _published_tables(cursor).items():
        source, values = as_shown(table, [name for name in columns if name != "build_id"])
        cursor.execute(
            sql.SQL(
                "select client_id, md5(string_agg(row::text, '' order by row::text collate \"C\")) from ("
                " select client_id, jsonb_build_array({values}) as row from {source} where client_id in"
                " (select g.client_id from quality.gate g where g.is_open and g.build_id = %s)) as shown group by 1"
            ).format(values=sql.SQL(", ").join(values.values()), source=source),
            (build_id,),
        )
        for client_id, digest in cursor.fetchall():
            digests.setdefault(client_id, []).append(f"{table} {digest}")
    return {client_id: hashlib.sha256("\n".join(each).encode()).hexdigest() for client_id, each in digests.items()}


def _refuse_unchecked(cursor: Cursor, build_id: str) -> None:
    cursor.execute("select state from ops.build where build_id = %s", (build_id,))
    row = cursor.fetchone()
    if row is None or row[0] != "succeeded":
        state = f"is '{row[0]}'" if row else "is unknown"
        raise GateError(
            f"build {build_id} {state}; only a build that succeeded is published.", hint="Run: driftline build"
        )
    cursor.execute(
        "select count(*), count(g.client_id) from ops.build_client c"
        " left join quality.gate g on g.build_id = c.build_id and g.client_id = c.client_id where c.build_id = %s",
        (build_id,),
    )
    clients, gated = cursor.fetchone() or (0, 0)
    if not clients or gated < clients:
        raise GateError(
            f"build {build_id} was not checked: {gated} of its {clients} clients have a gate; nothing was published.",
            hint=f"Run: driftline check --build {build_id}",
        )


def _published_tables(cursor: Cursor) -> dict[str, list[str]]:
    """List the tables that publication fills, with the columns to copy; raise GateError where a candidate differs."""
    cursor.execute(
        "select c.relname, array_agg(a.attname order by a.attnum), array_agg(a.attname order by a.attnum)"
        "   filter (where k.atttypid is distinct from a.atttypid)"
        " from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
        " left join pg_attribute k on k.attrelid = to_regclass(format('review_candidate.%%I', c.relname))"
        "   and k.attname = a.attname and not k.attisdropped"
        " where c.relnamespace = 'review'::regnamespace and c.relkind = 'r' and a.attname <> all (%s)"
        "   and exists (select from pg_attribute s where s.attrelid = c.oid and s.attname = 'is_stale')"
        " group by c.relname order by c.relname",
        (list(_BOOKKEEPING),),
    )
    tables = {}
    for name, columns, differing in cursor.fetchall():
        if differing:
            raise GateError(
                f"review_candidate.{name} does not fit review.{name}: {', '.join(differing)} missing or of another"
                " type; nothing was published.",
                hint="Bring model and migration together, then build again.",
            )
        tables[name] = columns
    return tables


def _refuse_foreign_rows(
    cursor: Cursor, tables: Mapping[str, Sequence[str]], build_id: str, decisions: Sequence[_Decision]
) -> None:
    published = [item.client_id for item in decisions if item.is_published]
    for name in tables:
        cursor.execute(
            sql.SQL(
                "select build_id from review_candidate.{}"
                " where build_id is distinct from %s and client_id = any(%s) limit 1"
            ).format(sql.Identifier(name)),
            (build_id, published),
        )
        if row := cursor.fetchone():
            raise GateError(
                f"review_candidate.{name} holds rows of build {row[0]}, not of {build_id}; nothing was published.",
                hint="Check and publish the newer build.",
            )


def _decide(cursor: Cursor, corrected: str | None) -> list[_Decision]:
    """Take the gate's word for each client, and its quarter from the build: never from the rows themselves."""
    cursor.execute(
        "select c.client_id, c.quarter, c.evaluated_at, g.is_open, g.reason, max(r.as_of_at),"
        " (select max(s.version) from review.seal s where s.client_id = c.client_id and s.quarter = c.quarter)"
        " from quality.checked_client c"
        " join quality.gate g on g.build_id = c.build_id and g.client_id = c.client_id"
        " left join review.scorecard r on r.client_id = c.client_id and r.quarter = c.quarter"
        " group by c.client_id, c.quarter, c.evaluated_at, g.is_open, g.reason order by c.client_id"
    )
    decisions = []
    for client_id, quarter, as_of_at, is_open, reason, published_as_of_at, version in cursor.fetchall():
        is_sealed = version is not None and client_id != corrected
        is_newer_kept = published_as_of_at is not None and published_as_of_at > as_of_at
        if is_sealed:
            reason = f"the quarter is sealed (version {version}); a correction is a new version"
        elif is_newer_kept:
            # A past day computed again must not push readers back to it.
            reason = f"what is published speaks of a later moment, {published_as_of_at:%Y-%m-%d %H:%M} UTC"
        is_published = is_open and not is_newer_kept and not is_sealed
        decisions.append(_Decision(client_id, quarter, as_of_at, is_published, is_newer_kept, is_sealed, reason))
    return decisions


def _replace(
    cursor: Cursor, table: str, columns: Sequence[str], decisions: Sequence[_Decision], now: datetime
) -> dict[str, int]:
    """Replace the rows of every client to be published; give the number of new rows by client."""
    pairs = [(item.client_id, item.quarter) for item in decisions if item.is_published]
    parameters = {"clients": [client for client, _ in pairs], "quarters": [quarter for _, quarter in pairs], "now": now}
    chosen = sql.SQL("(client_id, quarter) in (select * from unnest(%(clients)s::text[], %(quarters)s::text[]))")
    cursor.execute(sql.SQL("delete from review.{} where {}").format(sql.Identifier(table), chosen), parameters)
    source, values = as_shown(table, columns)
    cursor.execute(
        sql.SQL(
            "with added as (insert into review.{table} ({columns}, published_at, is_stale)"
            " select {values}, %(now)s, false from {source} where {chosen} returning client_id)"
            " select client_id, count(*) from added group by client_id"
        ).format(
            table=sql.Identifier(table),
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            values=sql.SQL(", ").join(values.values()),
            source=source,
            chosen=chosen,
        ),
        parameters,
    )
    return dict(cursor.fetchall())


def as_shown(table: str, columns: Sequence[str]) -> tuple[sql.Composable, dict[str, sql.Composable]]:
    """Give what candidates are read from, and each column's expression: a KPI that failed its check is not shown."""
    source: sql.Composable = sql.SQL("review_candidate.{}").format(sql.Identifier(table))
    values: dict[str, sql.Composable] = {name: sql.Identifier(name) for name in columns}
    if "kpi" in columns:
        source = _VOIDED_SOURCE.format(source)
        values |= {name: expression for name, expression in _VOIDED_VALUES.items() if name in columns}
    return source, values


def _mark_stale(cursor: Cursor, table: str, decisions: Sequence[_Decision], now: datetime) -> None:
    closed = [item for item in decisions if item.is_stale]
    cursor.execute(
        sql.SQL(
            "update review.{} r"
            " set is_stale = true, stale_since_at = coalesce(r.stale_since_at, %s), stale_reason = c.reason"
            " from unnest(%s::text[], %s::text[], %s::text[]) as c (client_id, quarter, reason)"
            " where r.client_id = c.client_id and r.quarter = c.quarter"
        ).format(sql.Identifier(table)),
        (now, [item.client_id for item in closed], [item.quarter for item in closed], [item.reason for item in closed]),
    )


def _log(
    cursor: Cursor,
    build_id: str,
    decisions: Sequence[_Decision],
    counts: Mapping[str, Mapping[str, int]],
    now: datetime,
) -> None:
    rows = [
        (
            item.client_id,
            item.quarter,
            build_id,
            item.is_published,
            item.reason,
            json.dumps({name: by_client.get(item.client_id, 0) for name, by_client in counts.items()})
            if item.is_published
            else "{}",
            item.as_of_at,
            now,
        )
        for item in decisions
        if item.quarter is not None
    ]
    execute_values(
        cursor,
        "insert into review.publication"
        " (client_id, quarter, build_id, is_published, reason, row_counts, as_of_at, published_at) values %s"
        " on conflict (client_id, quarter, build_id, is_published) do update"
        " set reason = excluded.reason, row_counts = excluded.row_counts, published_at = excluded.published_at",
        rows,
    )


def _report(
    build_id: str,
    decisions: Sequence[_Decision],
    counts: Mapping[str, Mapping[str, int]],
    *,
    elapsed_seconds: float,
) -> PublishReport:
    kept = [item for item in decisions if not item.is_published]
    return PublishReport(
        build_id=build_id,
        published_client_ids=tuple(item.client_id for item in decisions if item.is_published),
        kept_stale={item.client_id: item.reason for item in kept if item.is_stale},
        kept_newer={item.client_id: item.reason for item in kept if item.is_newer_kept and not item.is_sealed},
        kept_sealed={item.client_id: item.reason for item in kept if item.is_sealed},
        row_counts={f"review.{name}": sum(by_client.values()) for name, by_client in counts.items()},
        elapsed_seconds=elapsed_seconds,
    )
