"""The time that a client's two years run in: weeks and working hours of its own zone, told as Odoo's naive UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKS = 113  # whole ISO weeks before the anchor's own: 26 months


@dataclass(frozen=True)
class Clock:
    """Data end at `anchor_at`; `zone` is the client's."""

    anchor_at: datetime
    zone: ZoneInfo

    def __post_init__(self) -> None:
        if self.anchor_at.tzinfo is None:
            raise ValueError(f"anchor_at needs a time zone: {self.anchor_at.isoformat()}")

    @property
    def now(self) -> datetime:
        """The anchor as Odoo would write it."""
        return self.anchor_at.astimezone(UTC).replace(tzinfo=None)

    @property
    def today(self) -> date:
        """The anchor's day in the client's zone."""
        return self.anchor_at.astimezone(self.zone).date()

    @property
    def first_monday(self) -> date:
        """The day that the first whole week begins on."""
        return self.today - timedelta(days=self.today.weekday(), weeks=WEEKS)

    def at(self, day: date, hour: float) -> datetime:
        """Give the naive UTC instant of a local day and (fractional) hour."""
        local = datetime.combine(day, time(), tzinfo=self.zone) + timedelta(hours=hour)
        return local.astimezone(UTC).replace(tzinfo=None)

    def days_ago(self, days: int, hour: float = 12) -> datetime:
        """Give an instant on the local day that many days before the anchor's, never after the anchor."""
        return min(self.at(self.today - timedelta(days=days), hour), self.now)

    def at_work(self, moment: datetime) -> datetime:
        """Give the first instant from `moment` on that lies in working hours (Monday to Friday, 8 to 18)."""
        local = moment.replace(tzinfo=UTC).astimezone(self.zone)
        hour = local.hour + local.minute / 60 + local.second / 3600
        day = local.date()
        if local.weekday() < 5 and 8 <= hour < 18:
            return moment
        if hour >= 18:
            day += timedelta(days=1)
        while day.weekday() >= 5:
            day += timedelta(days=1)
        # The minutes are kept, so that a queue of the night is not answered in one instant.
        return self.at(day, 8 + (local.minute * 60 + local.second) / 3600).replace(microsecond=moment.microsecond)
