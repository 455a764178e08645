"""A client's business hours as its entry in `clients.yml` declares them. Counting them is the dbt project's work."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from driftline.declarations import Strict

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _minutes(text: str) -> int:
    hour, _, minute = text.partition(":")
    if not (hour.isdigit() and minute.isdigit() and len(minute) == 2 and int(minute) < 60):
        raise ValueError(f"'{text}' is not a time of day (expected 08:30, or 24:00 for the day's end)")
    total = int(hour) * 60 + int(minute)
    if total > 24 * 60:
        raise ValueError(f"'{text}' lies after the day's end, 24:00")
    return total


def _span(text: str) -> str:
    begins, dash, ends = text.partition("-")
    if not dash or _minutes(ends.strip()) <= _minutes(begins.strip()):
        raise ValueError(f"'{text}' is not a span of a day (expected 08:00-17:00)")
    return text


Spans = tuple[Annotated[str, AfterValidator(_span)], ...]


class BusinessHours(Strict):
    """Spans of each weekday on the client's own clock, holidays, or the id of a resource.calendar of its Odoo."""

    source: Literal["here", "odoo"] = "here"
    odoo_calendar_id: int | None = None
    monday: Spans = ()
    tuesday: Spans = ()
    wednesday: Spans = ()
    thursday: Spans = ()
    friday: Spans = ()
    saturday: Spans = ()
    sunday: Spans = ()
    holidays: Annotated[tuple[date, ...], Field(max_length=2_000)] = ()

    @model_validator(mode="after")
    def _check(self) -> BusinessHours:
        is_declared = any(getattr(self, day) for day in _DAYS)
        if self.source == "odoo" and is_declared:
            raise ValueError("source: odoo takes the hours from resource.calendar; holidays may be added, hours not")
        if self.source == "here" and (not is_declared or self.odoo_calendar_id is not None):
            raise ValueError("no weekday has hours (or odoo_calendar_id without source: odoo)")
        return self

    def as_rows(self) -> dict[str, Any]:
        """Give what the warehouse keeps: spans as [ISO weekday, first minute, last minute], holidays as dates."""
        spans = [
            [number, *(_minutes(part.strip()) for part in span.split("-"))]
            for number, day in enumerate(_DAYS, start=1)
            for span in getattr(self, day)
        ]
        return {
            "source": self.source,
            "odoo_calendar_id": self.odoo_calendar_id,
            "spans": spans,
            "holidays": [day.isoformat() for day in self.holidays],
        }
