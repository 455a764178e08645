"""Waivers against the suites: which of them may be, which hold today, which are used, and what they let pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from psycopg2.extras import execute_values

from driftline.errors import ConfigError
from driftline.policies.waivers import Waiver
from driftline.quality.gate import Result
from driftline.quality.suites import Suite, suggest

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from driftline.registry import Registry

USED, UNUSED, EXPIRED, NOT_BEGUN = "used", "unused", "expired", "not begun"


@dataclass(frozen=True)
class JudgedWaiver:
    """One waiver on the day of a check; `days_left` is 0 on its last day."""

    name: str
    waiver: Waiver
    state: str
    days_left: int


def refuse_forbidden(waivers: Mapping[str, Waiver], suites: Sequence[Suite], *, where: str) -> None:
    """Raise ConfigError for a waiver of what is not there, or of what keeps clients apart or rows together."""
    known = {suite.table: {item.id: item for item in suite.expectations} for suite in suites}
    for name, waiver in waivers.items():
        place = f"{where}: waiver '{name}'"
        if waiver.suite not in known:
            raise ConfigError(f"{place}: no suite '{waiver.suite}'.", hint=suggest(waiver.suite, list(known)))
        expectations = known[waiver.suite]
        if waiver.expectation not in expectations:
            raise ConfigError(
                f"{place}: {waiver.suite} has no expectation '{waiver.expectation}'.",
                hint=suggest(waiver.expectation, list(expectations)),
            )
        kind = expectations[waiver.expectation].kind
        if kind and expectations[waiver.expectation].severity == "critical":
            raise ConfigError(
                f"{place}: {waiver.suite}: {waiver.expectation} is a check of {kind}, which nothing is let off.",
                hint="Have the data or the rule corrected.",
            )


def judge(
    waivers: Mapping[str, Waiver], results: Sequence[Result], registry: Registry, *, now: datetime
) -> tuple[list[Result], list[JudgedWaiver]]:
    """Mark the failures that a waiver covers today, in its client's own time; say of every waiver how it stands.

    A failure of the table as a whole ('*') is nobody's alone and never covered.
    """
    today = {item.client: now.astimezone(ZoneInfo(registry.client(item.client).timezone)).date()
             for item in waivers.values()}  # fmt: skip
    holding = {
        (item.client, item.suite, item.expectation): name
        for name, item in waivers.items()
        if item.from_on <= today[item.client] <= item.until_on
    }
    marked = [
        result
        if result.is_passed
        else replace(result, waived_by=holding.get((result.client_id, result.suite, result.expectation)))
        for result in results
    ]
    used = {result.waived_by for result in marked if result.waived_by}
    return marked, [
        JudgedWaiver(
            name=name,
            waiver=item,
            state=_state(item, today[item.client], is_used=name in used),
            days_left=(item.until_on - today[item.client]).days,
        )
        for name, item in waivers.items()
    ]


def _state(waiver: Waiver, today: date, *, is_used: bool) -> str:
    if today > waiver.until_on:
        return EXPIRED
    if today < waiver.from_on:
        return NOT_BEGUN
    return USED if is_used else UNUSED


def store(cursor: Cursor, judged: Iterable[JudgedWaiver], *, build_id: str) -> None:
    """Replace what is stored for this build."""
    cursor.execute("delete from quality.waiver where build_id = %s", (build_id,))
    rows = [
        (
            build_id, it.waiver.client, it.name, it.waiver.suite, it.waiver.expectation, it.waiver.reason,
            it.waiver.owner, it.waiver.from_on, it.waiver.until_on, it.state, it.days_left,
        )
        for it in judged
    ]  # fmt: skip
    if rows:
        execute_values(
            cursor,
            "insert into quality.waiver (build_id, client_id, waiver, suite, expectation, reason, owner, from_on,"
            " until_on, state, days_left) values %s",
            rows,
        )
