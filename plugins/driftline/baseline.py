"""Baselines: the named moments that a client's later states are compared with, and what differs from them.

The differences themselves are computed by the dbt project (`drift.baseline_difference`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from driftline.errors import ConfigError
from driftline.registry import load_registry
from driftline.warehouse import Role, connect

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from driftline.settings import Settings

FIRST = "onboarding"


@dataclass(frozen=True)
class Baseline:
    """A named moment. `difference_count` is None until a build has compared with it."""

    client_id: str
    name: str
    baseline_on: date
    baseline_at: datetime
    set_at: datetime
    difference_count: int | None


@dataclass(frozen=True)
class Difference:
    """One cause by which a client's configuration differs from a baseline."""

    area: str
    kind: str
    entity: str
    entity_key: str
    what: str
    before_value: str | None
    after_value: str | None
    changed_by: str | None
    changed_at: datetime | None
    origin: str
    survives_update: bool | None
    explained_by: str | None
    evidence_count: int


@dataclass(frozen=True)
class Comparison:
    """A client now against one of its baselines; `notes` says which approved changes of its register do not fit."""

    baseline: Baseline
    as_of_at: datetime
    differences: list[Difference]
    notes: list[str]


def set_first(cursor: Cursor, *, build_id: str, as_of_at: datetime) -> None:
    """Give every client that is read, and has none, its first baseline: the state that this build sees first.

    A build that failed took no history for certain: the next one sets the first baseline again.
    """
    cursor.execute(
        """
        insert into ops.baseline (client_id, name, baseline_on, baseline_at, set_at)
        select seen.client_id, %(name)s, (%(as_of_at)s at time zone client.timezone)::date, %(as_of_at)s, %(as_of_at)s
        from ops.build_client as seen
        join ops.client on client.client_id = seen.client_id
        where seen.build_id = %(build_id)s and seen.last_night_id is not null
          and not exists (
            select from ops.baseline as other where other.client_id = seen.client_id and other.name <> %(name)s)
        on conflict (client_id, name) do update
          set baseline_on = excluded.baseline_on, baseline_at = excluded.baseline_at, set_at = excluded.set_at
          where not exists (
            select from ops.build
            where build.state = 'succeeded' and not build.is_recomputation and build.as_of_at >= baseline.baseline_at)
        """,
        {"name": FIRST, "as_of_at": as_of_at, "build_id": build_id},
    )


def set_baseline(settings: Settings, *, client_id: str, on: date, name: str | None, now: datetime) -> Baseline:
    """Name a day of a client's history (the state at its end, in the client's time) as a baseline.

    A name that exists is moved. Raises ConfigError for a day in the future or before the history begins.
    """
    client = load_registry(settings.clients_file).client(client_id)
    zone = ZoneInfo(client.timezone)
    if on > now.astimezone(zone).date():
        raise ConfigError(f"baseline: {on} lies in the future for client '{client_id}'.")
    moment = min(end_of_day(on, zone), now)
    with connect(settings, role=Role.LOADER) as connection, connection.cursor() as cursor:
        begins_at = history_begins_at(cursor, client_id)
        if begins_at is None:
            raise ConfigError(f"baseline: client '{client_id}' has no history yet.", hint="Run a night first.")
        if moment < begins_at:
            raise ConfigError(
                f"baseline: the history of client '{client_id}' begins on {begins_at.astimezone(zone).date()}; what was"
                f" on {on} is not known.",
                hint="Choose a day on which it was read, or later.",
            )
        cursor.execute(
            "insert into ops.baseline (client_id, name, baseline_on, baseline_at, set_at) values (%s, %s, %s, %s, %s)"
            " on conflict (client_id, name) do update set baseline_on = excluded.baseline_on,"
            " baseline_at = excluded.baseline_at, set_at = excluded.set_at",
            (client_id, name or on.isoformat(), on, moment, now),
        )
    return Baseline(client_id, name or on.isoformat(), on, moment, now, None)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Give the instant at which a client's day is over."""
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), tzinfo=zone)


def history_begins_at(cursor: Cursor, client_id: str) -> datetime | None:
    """Give the moment of the client's first baseline; None before its first reading."""
    cursor.execute("select min(baseline_at) from ops.baseline where client_id = %s and name = %s", (client_id, FIRST))
    row = cursor.fetchone()
    return row[0] if row else None


def list_baselines(settings: Settings, *, client_id: str | None) -> list[Baseline]:
    """List the baselines of one client or all, the oldest first, with how much differs from each."""
    if client_id is not None:
        load_registry(settings.clients_file).client(client_id)
    with connect(settings, role=Role.TRANSFORMER) as connection, connection.cursor() as cursor:
        return _baselines(cursor, client_id)


def _baselines(cursor: Cursor, client_id: str | None) -> list[Baseline]:
    cursor.execute("select to_regclass('drift.config_drift') is not null")
    has_marts = (cursor.fetchone() or (False,))[0]
    # A baseline that was moved after the last build has not been compared with yet.
    counted = (
        "select client_id, baseline, baseline_at, sum(difference_count)::bigint as difference_count"
        " from drift.config_drift group by 1, 2, 3"
        if has_marts
        else "select null::text as client_id, null::text as baseline, null::timestamptz as baseline_at, 0::bigint"
        " as difference_count where false"
    )
    cursor.execute(
        "select b.client_id, b.name, b.baseline_on, b.baseline_at, b.set_at, counted.difference_count"
        f" from ops.baseline b left join ({counted}) counted"
        " on counted.client_id = b.client_id and counted.baseline = b.name and counted.baseline_at = b.baseline_at"
        " where %(client_id)s::text is null or b.client_id = %(client_id)s order by b.client_id, b.baseline_at, b.name",
        {"client_id": client_id},
    )
    return [Baseline(*row) for row in cursor.fetchall()]


def compare(settings: Settings, *, client_id: str, on: date | None) -> Comparison:
    """Give what differs now from a client's baseline of a day (None: the latest one), as the last build found it.

    Raises ConfigError where there is no such baseline, or no build has compared with it yet.
    """
    load_registry(settings.clients_file).client(client_id)
    with connect(settings, role=Role.TRANSFORMER) as connection, connection.cursor() as cursor:
        chosen = _choose(_baselines(cursor, client_id), client_id, on)
        cursor.execute(
            "select max(as_of_at) from drift.config_drift where client_id = %s and baseline = %s",
            (client_id, chosen.name),
        )
        (as_of_at,) = cursor.fetchone() or (None,)
        cursor.execute(
            "select area, kind, entity, entity_key, what, before_value, after_value, changed_by, changed_at, origin,"
            " survives_update, explained_by, evidence_count from drift.baseline_difference"
            " where client_id = %s and baseline = %s order by area, entity, what, finding_id",
            (client_id, chosen.name),
        )
        differences = [Difference(*row) for row in cursor.fetchall()]
        cursor.execute(
            "select format('approved change ''%%s'': %%s', change_id, message) from drift.approved_change"
            " where client_id = %s and state in ('expired', 'matches twice') order by change_id",
            (client_id,),
        )
        notes = [note for (note,) in cursor.fetchall()]
    return Comparison(baseline=chosen, as_of_at=as_of_at, differences=differences, notes=notes)


def latest_baseline(cursor: Cursor, client_id: str, *, before: datetime) -> Baseline:
    """Give the client's last baseline before a moment; raise ConfigError where there is none."""
    fitting = [baseline for baseline in _baselines(cursor, client_id) if baseline.baseline_at < before]
    if not fitting:
        raise ConfigError(
            f"baseline: client '{client_id}' has none before {before:%Y-%m-%d %H:%M} UTC.",
            hint="Name the day: --on DATE",
        )
    return fitting[-1]


def _choose(baselines: list[Baseline], client_id: str, on: date | None) -> Baseline:
    fitting = [baseline for baseline in baselines if on is None or baseline.baseline_on == on]
    if not fitting:
        known = ", ".join(f"{baseline.baseline_on} ({baseline.name})" for baseline in baselines) or "none"
        wanted = f" on {on}" if on else ""
        raise ConfigError(
            f"baseline: client '{client_id}' has none{wanted}. Known: {known}.",
            hint=f"Set it: driftline baseline set --client {client_id} --on {on or 'DATE'}",
        )
    chosen = fitting[-1]
    if chosen.difference_count is None:
        raise ConfigError(
            f"baseline: no build has compared client '{client_id}' with {chosen.name} yet.", hint="Run: driftline build"
        )
    return chosen
