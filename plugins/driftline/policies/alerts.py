"""`alerts.yml`: when warnings keep quiet, and how old the last finished night may be."""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from driftline.declarations import Strict, read_yaml, validate

if TYPE_CHECKING:
    from pathlib import Path


class QuietHours(Strict):
    """Hours of the day, over midnight where `until` is the earlier time."""

    from_time: time = Field(alias="from")
    until: time
    timezone: str

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"'{value}' is not a time zone (expected a name such as Europe/Athens)") from None
        return value

    @model_validator(mode="after")
    def _check(self) -> QuietHours:
        if self.from_time == self.until:
            raise ValueError("from and until are the same: no hour or every hour would be quiet")
        return self

    def hold(self, now: datetime) -> bool:
        """Say whether a moment lies in them."""
        clock = now.astimezone(ZoneInfo(self.timezone)).time()
        if self.from_time < self.until:
            return self.from_time <= clock < self.until
        return clock >= self.from_time or clock < self.until


class AlertsPolicy(Strict):
    """`alerts.yml`."""

    quiet_hours: QuietHours | None
    finished_night_within_hours: Annotated[float, Field(gt=0, le=24 * 31)]


def load_alerts(folder: Path) -> AlertsPolicy:
    """Read `alerts.yml`; raise ConfigError that names file and key."""
    path = folder / "alerts.yml"
    return validate(AlertsPolicy, read_yaml(path), where=str(path))
