"""What the checks of a build said: closed gates, KPIs taken out, warnings, and how the waivers stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftline.alerts.finding import CRITICAL, WARNING, Finding

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

_DAYS_BEFORE_THE_END = 7


def find(cursor: Cursor, *, build_id: str, scope: str, unread: set[str]) -> list[Finding]:
    """Read the findings of one checked build; `scope` ends their names. A client that was not read is told as such."""
    found = [
        *_closed(cursor, build_id, scope, unread),
        *_voided(cursor, build_id, scope),
        *_warnings(cursor, build_id, scope),
    ]
    # A quarter's build sees the same register as the night's: it is told once.
    return found if scope else [*found, *(item for item in _waivers(cursor, build_id) if item.client_id not in unread)]


def _closed(cursor: Cursor, build_id: str, scope: str, unread: set[str]) -> list[Finding]:
    cursor.execute(
        "select client_id, reason from quality.gate where build_id = %s and not is_open order by 1", (build_id,)
    )
    return [
        Finding(
            client_id=client_id,
            name=f"gate closed{scope}",
            severity=CRITICAL,
            summary=f"not published{scope}: {reason}",
            advice=f"What is published stays as it was. Look closer: driftline check --build {build_id}",
        )
        for client_id, reason in cursor.fetchall()
        if client_id not in unread
    ]


def _voided(cursor: Cursor, build_id: str, scope: str) -> list[Finding]:
    cursor.execute(
        "select client_id, kpi, reason from quality.voided_kpi where build_id = %s order by 1, 2", (build_id,)
    )
    return [
        Finding(
            client_id=client_id,
            name=f"KPI not shown {kpi}{scope}",
            severity=CRITICAL,
            summary=f"{kpi} is n/a{scope}, {reason}",
            advice=f"The client's other numbers are published. The rows: quality.check_result, build {build_id}",
        )
        for client_id, kpi, reason in cursor.fetchall()
    ]


def _warnings(cursor: Cursor, build_id: str, scope: str) -> list[Finding]:
    cursor.execute(
        "select client_id, suite, expectation, failing_count from quality.check_result"
        " where build_id = %s and severity = 'warning' and not is_passed and waived_by is null order by 1, 2, 3",
        (build_id,),
    )
    return [
        Finding(
            client_id=client_id,
            name=f"warning {suite}: {expectation}{scope}",
            severity=WARNING,
            summary=f"{suite}: {expectation.replace('_', ' ')} does not hold ({count} rows)",
            advice=f"Published all the same. The rows: quality.check_result, build {build_id}",
        )
        for client_id, suite, expectation, count in cursor.fetchall()
    ]


def _waivers(cursor: Cursor, build_id: str) -> list[Finding]:
    cursor.execute(
        "select client_id, waiver, suite, expectation, owner, until_on::text, state from quality.waiver"
        " where build_id = %s"
        " and (state in ('expired', 'unused') or (state = 'used' and days_left <= %s)) order by 1, 2",
        (build_id, _DAYS_BEFORE_THE_END),
    )
    return [
        Finding(
            client_id=client_id,
            name=f"waiver {waiver} {'ends soon' if state == 'used' else state}",
            severity=WARNING,
            summary=f"waiver {waiver} of {suite}: {expectation} (owner {owner}) {_standing(state, until_on)}",
            advice="config/policies/waivers.yml: remove the cause and the entry, or decide on a new end.",
        )
        for client_id, waiver, suite, expectation, owner, until_on, state in cursor.fetchall()
    ]


def _standing(state: str, until_on: str) -> str:
    if state == "expired":
        return f"has expired on {until_on}: the check counts again"
    if state == "unused":
        return "is not needed: the check holds"
    return f"ends on {until_on}: from then on the check counts again"
