"""The look from outside: has a night been finished in time, and does the warehouse answer at all?

Run by cron, systemd or compose, not by Airflow: when its scheduler is down, its own deadline alerts say nothing. What
was told is kept in a file, since the warehouse may be what is missing: when it begins, daily, and when it is over.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from driftline.alerts.delivery import deliver
from driftline.alerts.findings import in_utc
from driftline.errors import AlertError, WarehouseError
from driftline.policies.alerts import load_alerts
from driftline.warehouse import Role, connect

if TYPE_CHECKING:
    from driftline.settings import Settings

_WELL, _LATE, _UNREACHABLE = "well", "late", "unreachable"
_AGAIN_AFTER = timedelta(hours=24)
_RUNBOOK = "docs/runbooks/night-missing.md"


@dataclass(frozen=True)
class WatchReport:
    """What was found; `is_told` says whether a message went out for it just now."""

    state: str
    text: str
    is_told: bool

    @property
    def is_well(self) -> bool:
        return self.state == _WELL


def watch(settings: Settings, *, now: datetime) -> WatchReport:
    """Look once and tell what is new. Raises AlertError when a message was not delivered; the next look tries again."""
    state, text = _look(settings, now)
    file = settings.build_folder / "watch.json"
    before = _read(file)
    is_due = before["state"] != state or (
        state != _WELL and now - datetime.fromisoformat(before["told_at"]) >= _AGAIN_AFTER
    )
    if is_due and (state != _WELL or before["state"] != _WELL):
        title = "Driftline: all well again" if state == _WELL else "Driftline: 1 critical, 0 warnings"
        failures = deliver(settings.alert_urls, title=title, body=text)
        if failures or not settings.alert_urls:
            raise AlertError(
                f"not delivered: {'; '.join(failures.values()) or 'no route is configured'}. It was: {text}",
                hint="Check DRIFTLINE_ALERT_URLS.",
            )
    else:
        is_due = False
    if is_due or not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"state": state, "told_at": now.isoformat()}), encoding="utf-8")
    return WatchReport(state, text, is_due)


def _look(settings: Settings, now: datetime) -> tuple[str, str]:
    hours = load_alerts(settings.policies_folder).finished_night_within_hours
    try:
        with (
            connect(settings, role=Role.OWNER, application="driftline watch") as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(
                "select night_id, finished_at from ops.night where state = 'finished' and kind = 'nightly'"
                " and not is_recomputation order by finished_at desc limit 1"
            )
            row = cursor.fetchone()
    except WarehouseError as error:
        return _UNREACHABLE, f"CRITICAL: the warehouse does not answer: {error.message} See {_RUNBOOK}."
    if row is not None and now - row[1] <= timedelta(hours=hours):
        return _WELL, f"OVER: {row[0]} was finished at {in_utc(row[1])}."
    last = f"the last one, {row[0]}, at {in_utc(row[1])}" if row else "there never was one"
    return _LATE, (
        f"CRITICAL: no night was finished within {hours:g} hours; {last}. Look: driftline status. See {_RUNBOOK}."
    )


def _read(file: Path) -> dict[str, str]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return {"state": str(found["state"]), "told_at": str(found["told_at"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {"state": _WELL, "told_at": "0001-01-01T00:00:00+00:00"}
