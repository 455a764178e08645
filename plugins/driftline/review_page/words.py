"""How values are written on the page: numbers, times, units, names. No HTML here."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_DOWN, Decimal

DASH = "–"
MINUS = "\N{MINUS SIGN}"
NBSP = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Unit:
    """How one unit of `review.scorecard` is written: after the number, and after a difference of two."""

    after_value: str
    after_change: str
    decimals: int = 0
    is_signed: bool = False


_UNITS = {
    "pct_yoy": Unit(f"{NBSP}% year on year", " points", 1, True),
    "pct": Unit(f"{NBSP}%", " points", 1),
    "days": Unit(" days", " days"),
    "hours": Unit(" hours", " hours", 1),
    "items": Unit(" items", " items"),
    "traces": Unit(" traces", " traces"),
    "majors": Unit(" releases", " releases"),
    "users": Unit(" users", " users"),
}


def unit_of(code: str) -> Unit:
    """Find a unit; one that is not listed is written out as it stands."""
    known = _UNITS.get(code)
    if known:
        return known
    plain = f" {code.replace('_', ' ')}"
    return Unit(plain, plain, 1)


def number(value: float, *, decimals: int = 0, is_signed: bool = False) -> str:
    """Write a number with thousands separators and a real minus sign; a rounded zero carries no sign."""
    text = f"{abs(value):,.{decimals}f}"
    is_zero = not any(digit in "123456789" for digit in text)
    if is_zero:
        return text
    return (MINUS if value < 0 else "+" if is_signed else "") + text


def share(pct: float) -> str:
    """Write a percentage with two decimals, cut off: 99.999 must not read as complete."""
    return f"{Decimal(str(pct)).quantize(Decimal('0.01'), rounding=ROUND_DOWN)}"


def value_text(value: float | None, unit: Unit) -> str:
    """Write a KPI's number without its unit; a dash where there is none."""
    return DASH if value is None else number(value, decimals=unit.decimals, is_signed=unit.is_signed)


def change_text(value: float | None, previous: float | None, unit: Unit) -> str:
    """Write the previous value and the difference; empty where there is no previous value."""
    if previous is None:
        return ""
    before = value_text(previous, unit) + unit.after_value
    if value is None:
        return before
    return f"{before} (change {number(value - previous, decimals=unit.decimals, is_signed=True)}{unit.after_change})"


def instant(value: datetime | None) -> str:
    """Write a moment to the minute, in UTC."""
    return DASH if value is None else f"{value.astimezone(UTC):%Y-%m-%d %H:%M}{NBSP}UTC"


def day(value: datetime | None) -> str:
    """Write the UTC day of a moment."""
    return DASH if value is None else f"{value.astimezone(UTC):%Y-%m-%d}"


def visible(text: str | None) -> str:
    """Show control and direction marks as their code point: a login must not look like another one."""
    if text is None:
        return DASH
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if character in "\n\t":
        return " "
    if unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"}:
        return f"[U+{ord(character):04X}]"
    return character


def sentence(text: str) -> str:
    """Write a reason as a sentence: a capital first, a full stop last."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".") if text else ""


def count_of(count: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun: "1 user", "3 users"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
