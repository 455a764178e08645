"""Which quarter a review is about. How a client's days fall into quarters is decided in SQL, in the client's zone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from driftline.errors import ConfigError

CONF_KEYS = ("quarter",)
_QUARTER = re.compile(r"\d{4}Q[1-4]\Z")
# The last place on earth where a day ends: after it, the quarter is over for every client.
_WESTERNMOST = timezone(-timedelta(hours=12))
_EASTERNMOST = timezone(timedelta(hours=14))


def choose(conf: Mapping[str, object], *, now: datetime) -> str:
    """Give the quarter that a run's configuration names, or the last one that is complete everywhere.

    Raises ConfigError for an unknown key, and for a quarter that is none or has not begun.
    """
    unknown = sorted(set(conf) - set(CONF_KEYS))
    if unknown:
        raise ConfigError(
            f"run configuration: unknown key '{unknown[0]}'.", hint=f"Known: {', '.join(CONF_KEYS)}. Nothing was run."
        )
    quarter = conf.get("quarter")
    if quarter is None:
        return last_complete(now)
    if not isinstance(quarter, str) or not _QUARTER.match(quarter):
        raise ConfigError(f"run configuration: quarter '{quarter}' is not a quarter.", hint="Expected 2026Q3.")
    if quarter > quarter_of(now.astimezone(_EASTERNMOST)):
        raise ConfigError(f"run configuration: quarter {quarter} has not begun.", hint="Leave it out for the last one.")
    return quarter


def last_complete(now: datetime) -> str:
    """Give the last quarter that is over in every time zone."""
    year, number = quarter_of(now.astimezone(_WESTERNMOST)).split("Q")
    return f"{year}Q{int(number) - 1}" if number != "1" else f"{int(year) - 1}Q4"


def quarter_of(moment: datetime) -> str:
    """Give the quarter of a moment, in the zone that the moment carries."""
    return f"{moment.year}Q{(moment.month + 2) // 3}"
