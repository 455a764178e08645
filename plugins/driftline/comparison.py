"""What differs between any two days of a client's history, asked when somebody wants to know.

The rules are those of the dbt project; only the two moments come from here. What every build compares is `baseline`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from driftline.baseline import Difference, end_of_day, history_begins_at, latest_baseline
from driftline.errors import BuildError, ConfigError
from driftline.registry import load_registry
from driftline.transform import run_dbt
from driftline.warehouse import Role, connect

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from driftline.settings import Settings

_QUESTION = "difference_between_days"


@dataclass(frozen=True)
class Moment:
    """A day that is looked at: its end in the client's time, and when the state that held then had been read."""

    day: date
    at: datetime
    read_at: datetime


@dataclass(frozen=True)
class DaysCompared:
    """A client on a later day against an earlier one, net of what was set back in between.

    `unwatched_models` came under watch after the earlier moment: of them nothing is known.
    """

    client_id: str
    earlier: Moment
    later: Moment
    differences: list[Difference]
    unwatched_models: list[str]


def compare_days(
    settings: Settings, *, client_id: str, on: date | None, to: date, now: datetime, question: str | None = None
) -> DaysCompared:
    """Compare the ends of two days of a client's history (None: its latest baseline before the later one).

    `question` is what `compile_question` gave, to ask it more than once. Raises ConfigError for days that are in the
    wrong order, in the future or before the history.
    """
    zone = ZoneInfo(load_registry(settings.clients_file).client(client_id).timezone)
    if to > now.astimezone(zone).date():
        raise ConfigError(f"baseline: {to} lies in the future for client '{client_id}'.")
    later_at = min(end_of_day(to, zone), now)
    with connect(settings, role=Role.TRANSFORMER) as connection, connection.cursor() as cursor:
        if on is None:
            chosen = latest_baseline(cursor, client_id, before=later_at)
            on, earlier_at = chosen.baseline_on, chosen.baseline_at
        else:
            earlier_at = end_of_day(on, zone)
        if earlier_at >= later_at:
            raise ConfigError(f"baseline: {on} does not lie before {to}.", hint="--on is the earlier day.")
        begins_at = history_begins_at(cursor, client_id)
        if begins_at is None or earlier_at < begins_at:
            began = f"begins on {begins_at.astimezone(zone).date()}" if begins_at else "has not begun"
            raise ConfigError(f"baseline: the history of client '{client_id}' {began}; what was on {on} is not known.")
        earlier = Moment(on, earlier_at, _read_at(cursor, client_id, earlier_at))
        later = Moment(to, later_at, _read_at(cursor, client_id, later_at))
        differences = _ask(cursor, question or compile_question(settings), client_id, earlier_at, later_at)
        cursor.execute(
            "select entity from snapshots.configuration where client_id = %s and record_id = 0 and related_id = 0"
            " group by entity having min(dbt_valid_from) > %s and min(dbt_valid_from) <= %s order by entity",
            (client_id, earlier_at, later_at),
        )
        unwatched = [entity for (entity,) in cursor.fetchall()]
    return DaysCompared(client_id, earlier, later, differences, unwatched)


def compile_question(settings: Settings) -> str:
    """Give the SQL that finds the causes of differences, with the policies of the latest build; takes seconds."""
    with connect(settings, role=Role.TRANSFORMER) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select build_id, as_of_at, quarter from ops.build where state = 'succeeded'"
            " order by started_at desc limit 1"
        )
        build = cursor.fetchone()
    if build is None:
        raise ConfigError("baseline: no build has succeeded yet.", hint="Run: driftline build")
    variables = {
        "build_id": build[0], "as_of_at": build[1].astimezone(UTC).isoformat(), "quarter": build[2] or "",
        "is_comparison": True,
    }  # fmt: skip
    # Beside the build's own folder: what a build left there says which code it was made with.
    done = run_dbt(settings, ["compile", "--select", _QUESTION], variables=variables, folder_name="dbt-comparison")
    if not done.success:
        raise BuildError(f"dbt could not put the question together: {done.exception or done.result}.")
    return str(done.result.results[0].node.compiled_code)


def _read_at(cursor: Cursor, client_id: str, moment: datetime) -> datetime:
    cursor.execute(
        "select max(night.as_of_at) from ops.client_run as run join ops.night using (night_id)"
        " where run.client_id = %s and run.state = 'succeeded' and not night.is_recomputation and night.as_of_at <= %s",
        (client_id, moment),
    )
    read_at: datetime | None = (cursor.fetchone() or (None,))[0]
    if read_at is None:
        raise ConfigError(f"baseline: client '{client_id}' was not read before {moment:%Y-%m-%d %H:%M} UTC.")
    return read_at


def _ask(cursor: Cursor, question: str, client_id: str, earlier_at: datetime, later_at: datetime) -> list[Difference]:
    asked = {"client_id": client_id, "earlier_at": earlier_at.isoformat(), "later_at": later_at.isoformat()}
    for name, value in asked.items():
        cursor.execute("select set_config(%s, %s, true)", (f"driftline.{name}", value))
    # Parts of one query have no statistics: planned as if each gave one row, joins would go row by row.
    cursor.execute("set local enable_nestloop = off")
    cursor.execute(question)
    return [Difference(*row) for row in cursor.fetchall()]
