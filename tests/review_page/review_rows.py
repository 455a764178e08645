"""Published rows for the tests of the review page, written into a real migrated warehouse."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg2
from psycopg2 import sql

AS_OF_AT = datetime(2026, 9, 30, 21, 0, tzinfo=UTC)
PUBLISHED_AT = datetime(2026, 10, 1, 4, 12, tzinfo=UTC)
QUARTER = "2026Q3"
WEEK_COUNT = 105

SCORECARD: dict[str, dict[str, Any]] = {
    "ticket_trend": {
        "value": -23.4,
        "previous_value": -11.9,
        "unit": "pct_yoy",
        "verdict": "good",
        "reason": "Declining: 412 tickets in the last 52 weeks against 538 in the 52 before.",
    },
    "customisation_test_coverage": {
        "unit": "pct",
        "verdict": "n/a",
        "reason": "No source of test results is read yet.",
    },
    "version_upgrade_age": {
        "value": 1043.0,
        "previous_value": 951.0,
        "unit": "days",
        "verdict": "act",
        "reason": "Odoo 16.0 is 3 major versions behind 19.0, and its support ended in September 2025.",
    },
    "optimisation_throughput": {
        "unit": "items",
        "verdict": "n/a",
        "reason": "No register of improvements is read yet.",
    },
    "master_data_exception_rate": {
        "value": 4.26,
        "previous_value": 4.31,
        "unit": "pct",
        "verdict": "watch",
        "reason": "851 of 20,024 records in use.",
    },
    "audit_prep_effort": {"unit": "hours", "verdict": "not proven", "reason": "Only one review cycle is on record."},
}


def insert(url: str, table: str, rows: list[dict[str, Any]]) -> None:
    """Insert rows into `review.<table>` as the warehouse's owner."""
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            for row in rows:
                cursor.execute(
                    sql.SQL("insert into review.{} ({}) values ({})").format(
                        sql.Identifier(table),
                        sql.SQL(", ").join(map(sql.Identifier, row)),
                        sql.SQL(", ").join(sql.Placeholder() * len(row)),
                    ),
                    list(row.values()),
                )
    finally:
        connection.close()


def publish(url: str, client_id: str, *, quarter: str = QUARTER, **changes: Any) -> None:
    """Write the scorecard of one client and the publication that brought it; `changes` apply to every row."""
    common = {**_common(client_id, quarter), **changes}
    scorecard = [
        {"kpi": kpi, "completeness_pct": 100.0, "is_quarter_complete": True, **row, **common}
        for kpi, row in SCORECARD.items()
    ]
    insert(url, "scorecard", scorecard)
    publication = {
        "client_id": client_id,
        "quarter": quarter,
        "build_id": "build-17",
        "is_published": True,
        "row_counts": json.dumps({"scorecard": 6, "ticket_flow": 113}),
        "as_of_at": AS_OF_AT,
        "published_at": PUBLISHED_AT,
    }
    insert(url, "publication", [publication])


def publish_tickets(url: str, client_id: str) -> list[dict[str, Any]]:
    """Write two years of ticket flow and return the week rows."""
    first, backlog, weeks = date(2024, 10, 7), 31, []
    for position in range(WEEK_COUNT):
        start_on = first + timedelta(weeks=position)
        opened = 12 - position // 18 + (position * 7) % 5
        closed = opened + (1 if position % 9 == 0 else 0) - (2 if position in {20, 21, 22} else 0)
        backlog += opened - closed
        iso = start_on.isocalendar()
        weeks.append(_period("week", f"{iso.year}W{iso.week:02d}", start_on, opened, closed, backlog))
    weeks[-1]["is_period_complete"] = False
    quarters = [
        _period("quarter", f"{year}Q{quarter}", date(year, quarter * 3 - 2, 1), 140 - year % 100 - quarter, 130, 25)
        for year, quarter in [(2024, 4), (2025, 1), (2025, 2), (2025, 3), (2025, 4), (2026, 1), (2026, 2), (2026, 3)]
    ]
    insert(url, "ticket_flow", [{**row, **_common(client_id, QUARTER)} for row in [*weeks, *quarters]])
    return weeks


def publish_trend(url: str, client_id: str) -> None:
    """Write the claim on all tickets and on three categories."""
    common = {"test": "year on year", "week_count": 130, "flat_within_pct": 20.0, **_common(client_id, QUARTER)}
    common |= {"per_user_trend": "n/a", "per_user_reason": "all tickets are taken together"}
    claims = [
        ("", "declining", "412 tickets against 538", 412, 538, -23.4, -31.0, -15.2),
        ("Fault", "declining", "200 tickets against 340", 200, 340, -41.2, -50.3, -31.0),
        ("<b>Change</b>", "flat", "150 tickets against 148", 150, 148, 1.4, -14.0, 18.9),
        ("Access", "not proven", "62 tickets against 50", 62, 50, 24.0, -18.0, 80.5),
    ]
    names = ("category", "trend", "reason", "recent_count", "earlier_count", "change_pct", "change_low_pct")
    rows: list[dict[str, Any]] = [
        {**common, **dict(zip((*names, "change_high_pct"), claim, strict=True)), "ticket_count": claim[3] + claim[4]}
        for claim in claims
    ]
    rows[0] |= {"tickets_per_user": 3.25, "per_user_trend": "flat", "per_user_reason": "tickets per user: -2.0 %"}
    insert(url, "ticket_trend", rows)


def publish_service(url: str, client_id: str) -> None:
    """Write two quarters of response and resolution, and two drivers, one of them without hours."""
    counts = {
        f"{name}_count": 0
        for name in (
            "opened", "closed", "reopened", "deleted_open", "net", "backlog_to_7_days", "backlog_to_30_days",
            "backlog_to_90_days", "response_met", "response_missed", "response_running", "response_at_risk",
            "resolution_met", "resolution_missed", "resolution_running", "resolution_at_risk", "odoo_disagrees",
        )
    }  # fmt: skip
    common = {**counts, "hours_reason": "", "is_period_complete": True, **_common(client_id, QUARTER)}
    present = {
        "period": "2026Q3", "period_start_on": date(2026, 7, 1), "backlog_count": 25, "backlog_over_90_days_count": 4,
        "source_open_count": 26, "source_difference_count": -1, "response_median_business_hours": 1.25,
        "response_p90_business_hours": 6.5, "resolution_median_business_hours": 9.0,
        "resolution_p90_business_hours": 1234.5, "first_contact_pct": 37.5, "response_met_pct": 91.0,
        "resolution_met_pct": 83.4, "target_reason": "",
    }  # fmt: skip
    before = {
        "period": "2026Q2", "period_start_on": date(2026, 4, 1), "backlog_count": 31, "backlog_over_90_days_count": 0,
        "target_reason": "n/a: no target",
    }  # fmt: skip
    for quarter in (present, before):
        insert(url, "ticket_service", [{**common, **quarter}])
    driver = {"trend_reason": "too few", "known_requester_count": 5, **_common(client_id, QUARTER)}
    fault = {
        "category": "<b>Fault</b>", "rank": 1, "opened_count": 1200, "share_pct": 80.0, "repeat_count": 2,
        "repeat_pct": 40.0, "trend": "declining", "hours": 12.5, "hours_reason": "",
    }  # fmt: skip
    wish = {
        "category": "Wish", "rank": 2, "opened_count": 300, "share_pct": 20.0, "repeat_count": 0, "trend": "not proven",
        "hours_reason": "n/a: not linked",
    }  # fmt: skip
    for category in (fault, wish):
        insert(url, "ticket_driver", [{**driver, **category}])


def publish_modules(url: str, client_id: str, names: list[str], *, quarter: str = QUARTER) -> None:
    """Write one version change per module name."""
    change = {
        "change": "version changed",
        "before_state": "installed",
        "after_state": "installed",
        "before_version": "16.0.1.2.0",
        "after_version": "16.0.1.3.0",
        "changed_at": datetime(2026, 8, 14, 2, 0, tzinfo=UTC),
    }
    insert(url, "module_change", [{"module": name, **change, **_common(client_id, quarter)} for name in names])


def publish_users(url: str, client_id: str, users: list[dict[str, Any]], *, quarter: str = QUARTER) -> None:
    """Write users; what a user does not name is that of an unremarkable employee."""
    usual = {
        "user_kind": "internal",
        "is_active": True,
        "group_count": 2,
        "group_names": ["Sales / User", "Inventory / User"],
        "last_login_at": AS_OF_AT - timedelta(days=3),
        "employee_state": "active",
    }
    rows = [
        {"odoo_user_id": number, **usual, **user, **_common(client_id, quarter)} for number, user in enumerate(users, 2)
    ]
    insert(url, "access_user", rows)


def publish_drift(url: str, client_id: str, *, quarter: str = QUARTER, text: str = "Escalation of bins") -> None:
    """Write what stands in the sections on drift; `text` is a client's own word for an item."""
    common = _common(client_id, quarter)
    unknown = dict.fromkeys(("support_reason", "reason", "build_reason", "newer_on_disk_reason", "plan_reason"), "")
    currency = {
        "as_of_on": date(2026, 9, 30), "series": "17.0", "latest_release": "20.0", "majors_behind": 3,
        "support_ends_on": date(2026, 9, 30), "support_left_days": 0, "build": "17.0-20240709",
        "build_behind_days": 813,
        "newer_on_disk_count": 4, "update_count": 2, "update_reason": "", **unknown,
        "plan_reason": "nothing is planned",
    }  # fmt: skip
    insert(url, "version_currency", [{**currency, **common}])
    signals = [
        (
            "compliance_posture",
            1,
            "users",
            None,
            "watch",
            "exceptions of access.yml that nobody exempted: 2; judged: 17 of 19 rules",
        ),
        ("workarounds", 14, "traces", 3, "act", text),
    ]
    insert(
        url, "signal",
        [
            {"signal": signal, "value": value, "unit": unit, "previous_value": previous, "verdict": verdict,
             "reason": reason, "evidence_count": 1, **common}
            for signal, value, unit, previous, verdict, reason in signals
        ],
    )  # fmt: skip
    baseline = {"baseline": "onboarding", "baseline_on": date(2026, 1, 5), "baseline_at": AS_OF_AT, **common}
    areas = [("access", "user interface", 6, 2, 0), ("access", "Odoo core", 2, 0, 1), ("mail", "none", 0, 0, 0)]
    insert(
        url, "config_drift",
        [
            {"area": area, "origin": origin, "difference_count": count, "explained_count": explained,
             "unexplained_count": count - explained, "lost_at_update_count": lost, **baseline}
            for area, origin, count, explained, lost in areas
        ],
    )  # fmt: skip
    items = [("large", "impact", ["m: model gone"]), ("unknown", "not assessed", []), ("none", "no impact found", [])]
    insert(
        url, "upgrade_impact",
        [
            {"target_major": major, "target_release": f"{major}.0", "is_latest_release": major == 19, "kind": "field",
             "odoo_id": place, "item": text, "area": "sales", "assessment": assessment, "effort": effort,
             "use_count": 1, "not_assessed_count": 0, "gone_count": 0, "renamed_count": 0, "changed_count": 0,
             "has_unseen_part": False, "findings": findings, "plan_position": place, **common}
            for major in (18, 19)
            for place, (effort, assessment, findings) in enumerate(items, 1)
        ],
    )  # fmt: skip


def publish_master_data(url: str, client_id: str, *, quarter: str = QUARTER, text: str = "no mail address") -> None:
    """Write what stands in the section on master data; `text` is what was found in one record."""
    common = _common(client_id, quarter)
    rates = [
        ("", "", "All records", None, 200, 5, 1, 2.5, 3.0),
        ("res.partner", "", "All rules", None, 150, 5, 1, 3.33, None),
        ("res.partner", "customer_gap", "Customers that lack something", "gap", 40, 4, 0, 10.0, 12.5),
        ("res.partner", "partner_same_vat", "Two partners with one number", "duplicate", 90, 1, 1, 1.11, None),
        ("uom.uom", "unit_factor", "Units without a factor", "inconsistency", None, None, None, None, None),
    ]  # fmt: skip
    insert(
        url, "master_data_rate",
        [
            {"model": model, "rule": rule, "title": title, "kind": kind, "severity": "watch" if rule else None,
             "is_judged": looked_at is not None, "reason": "" if looked_at else "this Odoo has no uom.uom",
             "looked_at_count": looked_at, "found_count": found, "waived_count": waived, "rate_pct": pct,
             "previous_rate_pct": before, **common}
            for model, rule, title, kind, looked_at, found, waived, pct, before in rates
        ],
    )  # fmt: skip
    found: dict[str, Any] = {
        "model": "res.partner", "title": "Customers that lack something", "kind": "gap", "severity": "watch",
        "since_at": AS_OF_AT - timedelta(days=30), "since_basis": "seen", "open_days": 30, "is_waived": False,
        "last_touched_by": "sales1@example.org", **common,
    }  # fmt: skip
    sums = {"receivable": {"EUR": 1200.5, "USD": 7}, "sold": {"EUR": 3}}
    waived = {
        "rule": "partner_same_vat", "record_id": 9, "other_record_id": 4, "kind": "duplicate", "is_waived": True,
        "waived_owner": "K. Ioannou", "waived_reason": "Two shops", "waived_until_on": date(2027, 1, 31),
        "detail": "looks like res.partner,4", "document_count": 0, "amounts": "{}", "since_basis": "last written",
    }  # fmt: skip
    gaps = [
        {"rule": "customer_gap", "record_id": 20 + place, "detail": text, "document_count": place,
         "amounts": json.dumps(sums if place == 50 else {})}
        for place in range(1, 51)
    ]  # fmt: skip
    insert(url, "master_data_exception", [{**found, **row} for row in (*gaps, waived)])


def _period(kind: str, period: str, start_on: date, opened: int, closed: int, backlog: int) -> dict[str, Any]:
    return {
        "period_kind": kind,
        "period": period,
        "period_start_on": start_on,
        "opened_count": opened,
        "closed_count": closed,
        "backlog_count": backlog,
        "is_period_complete": True,
    }


def _common(client_id: str, quarter: str) -> dict[str, Any]:
    return {
        "client_id": client_id,
        "quarter": quarter,
        "as_of_at": AS_OF_AT,
        "build_id": "build-17",
        "published_at": PUBLISHED_AT,
    }
