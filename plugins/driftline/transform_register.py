"""What a build says about itself before and after dbt: `ops.build` and `ops.build_client`.

Which reading each client's numbers rest on, and whether it is recent enough, is decided here; running dbt is
`transform`'s work.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from driftline import baseline
from driftline.errors import BuildError, ConfigError
from driftline.policies import hand_over, load_policies
from driftline.registry import load_registry
from driftline.warehouse import Role, connect

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from driftline.settings import Settings

# Without a night of its own, a build takes readings this old for the present state: one missed night is too many.
RECENT_HOURS = 36

_QUARTER = re.compile(r"(\d{4})Q([1-4])\Z")
# No place on earth begins a day earlier than this before UTC does.
_EARLIEST_ZONE = timedelta(hours=14)


@dataclass(frozen=True)
class RegisteredBuild:
    """A build that has begun."""

    build_id: str
    night_id: str | None
    as_of_at: datetime
    quarter: str | None
    is_recomputation: bool
    client_count: int
    unread_client_ids: tuple[str, ...]

    @property
    def variables(self) -> dict[str, str]:
        """The variables of the dbt project."""
        return {
            "build_id": self.build_id,
            "as_of_at": self.as_of_at.astimezone(UTC).isoformat(),
            "quarter": self.quarter or "",
        }


@dataclass(frozen=True)
class _Night:
    night_id: str
    as_of_at: datetime
    is_recomputation: bool
    client_ids: tuple[str, ...]


def register(
    settings: Settings, *, night_id: str | None, as_of_at: datetime | None, quarter: str | None, now: datetime
) -> RegisteredBuild:
    """Begin a build. The caller holds the build lock, so a build that is still running has died."""
    registry = load_registry(settings.clients_file)
    policies = load_policies(settings.policies_folder, registry, seeds=settings.dbt_project_folder / "seeds")
    with connect(settings, role=Role.LOADER) as connection, connection.cursor() as cursor:
        night = _night(cursor, night_id) if night_id is not None else None
        moment = as_of_at or (night.as_of_at if night else now)
        _check(moment, quarter, now)
        is_recomputation = _is_recomputation(cursor, night, moment)
        cursor.execute(
            "update ops.build set state = 'failed', finished_at = %s, error_message = 'its process ended before it did'"
            " where state = 'running'",
            (now,),
        )
        build_id = _new_build_id(cursor, now)
        cursor.execute(
            "insert into ops.build (build_id, night_id, as_of_at, quarter, is_recomputation, state, started_at)"
            " values (%s, %s, %s, %s, %s, 'running', clock_timestamp())",
            (build_id, night_id, moment, quarter, is_recomputation),
        )
        clients = _register_clients(cursor, build_id=build_id, night=night, as_of_at=moment)
        hand_over(cursor, policies, build_id=build_id)
        if not is_recomputation:
            baseline.set_first(cursor, build_id=build_id, as_of_at=moment)
    return RegisteredBuild(
        build_id=build_id,
        night_id=night_id,
        as_of_at=moment,
        quarter=quarter,
        is_recomputation=is_recomputation,
        client_count=len(clients),
        unread_client_ids=tuple(client_id for client_id, is_read in clients if not is_read),
    )


def keep_code(settings: Settings, build_id: str, sha256: str) -> None:
    """Record which version of the dbt project a build was made with."""
    with connect(settings, role=Role.LOADER) as connection, connection.cursor() as cursor:
        cursor.execute("update ops.build set code_sha256 = %s where build_id = %s", (sha256, build_id))


def finish(settings: Settings, build_id: str, *, error_message: str | None) -> None:
    """End a build, as failed where there is an error."""
    with connect(settings, role=Role.LOADER) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update ops.build set state = %s, finished_at = clock_timestamp(), error_message = %s where build_id = %s",
            ("failed" if error_message else "succeeded", error_message, build_id),
        )


def _night(cursor: Cursor, night_id: str) -> _Night:
    cursor.execute("select as_of_at, is_recomputation, client_ids from ops.night where night_id = %s", (night_id,))
    row = cursor.fetchone()
    if row is None:
        raise ConfigError(f"no night '{night_id}' in ops.night.", hint="Plan it first: driftline run")
    return _Night(night_id=night_id, as_of_at=row[0], is_recomputation=row[1], client_ids=tuple(row[2]))


def _check(as_of_at: datetime, quarter: str | None, now: datetime) -> None:
    if as_of_at.tzinfo is None or now.tzinfo is None:
        raise ConfigError("build: a moment needs a time zone.", hint="Pass it with one, best UTC.")
    if as_of_at > now:
        # History in the future would make every later night look like one of the past.
        raise ConfigError(f"build: {as_of_at.isoformat()} lies in the future.")
    if quarter is None:
        return
    match = _QUARTER.match(quarter)
    if match is None:
        raise ConfigError(f"build: '{quarter}' is not a quarter.", hint="Expected for example 2026Q3.")
    first_day = date(int(match[1]), int(match[2]) * 3 - 2, 1)
    if datetime(first_day.year, first_day.month, 1, tzinfo=UTC) - _EARLIEST_ZONE > as_of_at:
        raise ConfigError(f"build: {quarter} has not begun at {as_of_at.isoformat()}.")


def _is_recomputation(cursor: Cursor, night: _Night | None, as_of_at: datetime) -> bool:
    cursor.execute(
        "select (select max(as_of_at) from ops.build where not is_recomputation),"
        " exists (select from pg_tables where schemaname = 'snapshots')"
    )
    last_as_of_at, has_history = cursor.fetchone() or (None, False)
    is_past = last_as_of_at is not None and as_of_at < last_as_of_at
    if (is_past or (night is not None and night.is_recomputation)) and not has_history:
        raise BuildError(
            f"there is no history to compute {as_of_at.isoformat()} from.", hint="Run a night first: driftline run"
        )
    return is_past or (night is not None and night.is_recomputation)


def _new_build_id(cursor: Cursor, now: datetime) -> str:
    stamp = now.astimezone(UTC).strftime("build_%Y%m%dT%H%M%SZ")
    cursor.execute("select count(*) from ops.build where build_id = %s or build_id like %s", (stamp, f"{stamp}-%"))
    row = cursor.fetchone()
    count = int(row[0]) if row else 0
    return f"{stamp}-{count + 1}" if count else stamp


_REGISTER_CLIENTS = """
with run as (
  select client_run.*, night.as_of_at, coalesce(read_at, client_run.finished_at, client_run.started_at) as happened_at
  from ops.client_run
  join ops.night on night.night_id = client_run.night_id and not night.is_recomputation
),
last_read as (
  select distinct on (client_id) client_id, night_id, as_of_at, happened_at
  from run
  where state = 'succeeded' and as_of_at <= %(as_of_at)s
  order by client_id, as_of_at desc, happened_at desc
),
first_read as (
  select client_id, min(happened_at) as happened_at from run where state = 'succeeded' group by client_id
),
proof as (
  -- What an account sees only in part may be equal on both sides and is not proven all the same.
  select completeness.client_id, completeness.night_id,
    100.0 * sum(least(source_count, warehouse_count)) filter (
      where completeness.verdict = 'complete'
        and (sight.verdict is null or sight.verdict = 'full' or sight.is_by_design)
    ) as proven,
    sum(source_count) as total
  from ops.completeness
  left join ops.visibility as sight
    on sight.client_id = completeness.client_id and sight.model = completeness.model
  group by completeness.client_id, completeness.night_id
),
judged as (
  select client.client_id, tonight.state, tonight.error_class, tonight.error_message, last_read.night_id,
    last_read.happened_at,    first_read.happened_at as first_read_at, proof.proven, proof.total,
    client.client_id = any(%(expected)s::text[]) as is_expected,
    case when client.client_id = any(%(expected)s::text[]) then coalesce(tonight.state = 'succeeded', false)
      else coalesce(last_read.as_of_at >= %(as_of_at)s - make_interval(hours => %(recent_hours)s), false)
    end as is_read
  from ops.client
  left join run as tonight on tonight.client_id = client.client_id and tonight.night_id = %(night_id)s
  left join last_read on last_read.client_id = client.client_id
  left join first_read on first_read.client_id = client.client_id
  left join proof on proof.client_id = client.client_id and proof.night_id = last_read.night_id
  where client.is_active
)
insert into ops.build_client
  (build_id, client_id, is_read, reason, last_read_at, last_night_id, first_read_at, completeness_pct)
select %(build_id)s, client_id, is_read,
  case
    when is_read then ''
    when is_expected then 'not read tonight: ' || case
        when state = 'failed' then concat_ws(': ', error_class, error_message)
        when state = 'running' then 'the reading did not come to its end'
        else 'the night has no reading of this client'
      end
    when happened_at is null
      then 'not read up to ' || to_char(%(as_of_at)s at time zone 'UTC', 'YYYY-MM-DD HH24:MI UTC')
    else 'the last reading is older than %(recent_hours)s hours'
  end || case
    when is_read then ''
    when happened_at is not null
      then '; last read ' || to_char(happened_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI UTC')
    when first_read_at is null then '; never read'
    else ''
  end,
  happened_at, night_id, first_read_at,
  case when total > 0 then coalesce(proven, 0) / total when total = 0 then 100 end
from judged
returning client_id, is_read
"""


def _register_clients(
    cursor: Cursor, *, build_id: str, night: _Night | None, as_of_at: datetime
) -> list[tuple[str, bool]]:
    # Only a night that reads can demand that a client was read in it, and only of the clients it set out to read.
    expected = list(night.client_ids) if night is not None and not night.is_recomputation else []
    cursor.execute(
        _REGISTER_CLIENTS,
        {
            "build_id": build_id,
            "night_id": night.night_id if night else None,
            "as_of_at": as_of_at,
            "expected": expected,
            "recent_hours": RECENT_HOURS,
        },
    )
    return sorted((client_id, is_read) for client_id, is_read in cursor.fetchall())
