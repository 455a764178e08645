"""Reads what is published for one client and quarter. Only schema `review`; nothing is computed here.

Each class names the columns it reads: its fields are the select list.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from psycopg2 import sql

from driftline.errors import NotPublishedError
from driftline.warehouse import Role, connect

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from driftline.settings import Settings


@dataclass(frozen=True)
class ScorecardRow:
    table: ClassVar[str] = "scorecard"
    order: ClassVar[str] = "kpi"
    kpi: str
    value: float | None
    unit: str
    previous_value: float | None
    verdict: str
    reason: str
    as_of_at: datetime
    completeness_pct: float | None
    is_quarter_complete: bool
    published_at: datetime
    is_stale: bool
    stale_since_at: datetime | None
    stale_reason: str | None


@dataclass(frozen=True)
class ModuleChange:
    table: ClassVar[str] = "module_change"
    order: ClassVar[str] = "changed_at desc, module"
    module: str
    changed_at: datetime
    change: str
    before_state: str | None
    after_state: str | None
    before_version: str | None
    after_version: str | None


@dataclass(frozen=True)
class TicketPeriod:
    table: ClassVar[str] = "ticket_flow"
    order: ClassVar[str] = "period_kind, period_start_on"
    period_kind: str
    period: str
    period_start_on: date
    opened_count: int
    closed_count: int
    backlog_count: int
    is_period_complete: bool


@dataclass(frozen=True)
class TicketTrend:
    table: ClassVar[str] = "ticket_trend"
    order: ClassVar[str] = "category = '' desc, ticket_count desc, category"
    category: str
    trend: str
    reason: str
    test: str
    ticket_count: int
    recent_count: int | None
    earlier_count: int | None
    change_pct: float | None
    change_low_pct: float | None
    change_high_pct: float | None
    tickets_per_user: float | None
    per_user_trend: str
    per_user_reason: str
    flat_within_pct: float


@dataclass(frozen=True)
class TicketService:
    table: ClassVar[str] = "ticket_service"
    order: ClassVar[str] = "period_start_on desc"
    period: str
    backlog_count: int
    backlog_over_90_days_count: int
    source_open_count: int | None
    source_difference_count: int | None
    response_median_business_hours: float | None
    response_p90_business_hours: float | None
    resolution_median_business_hours: float | None
    resolution_p90_business_hours: float | None
    first_contact_pct: float | None
    response_met_pct: float | None
    resolution_met_pct: float | None
    resolution_at_risk_count: int
    target_reason: str
    hours_reason: str


@dataclass(frozen=True)
class TicketDriver:
    table: ClassVar[str] = "ticket_driver"
    order: ClassVar[str] = "rank"
    category: str
    opened_count: int
    share_pct: float
    repeat_pct: float | None
    trend: str
    hours: float | None
    hours_reason: str


@dataclass(frozen=True)
class AccessUser:
    table: ClassVar[str] = "access_user"
    order: ClassVar[str] = "user_kind, is_active desc nulls last, login, odoo_user_id"
    odoo_user_id: int
    login: str | None
    user_kind: str
    is_active: bool | None
    group_count: int
    group_names: list[str]
    last_login_at: datetime | None
    employee_state: str


@dataclass(frozen=True)
class Currency:
    table: ClassVar[str] = "version_currency"
    order: ClassVar[str] = "quarter"
    series: str | None
    latest_release: str | None
    majors_behind: int | None
    support_ends_on: date | None
    support_left_days: int | None
    support_reason: str
    legacy_rpc_ends_on: date | None
    build: str | None
    build_behind_days: int | None
    build_reason: str
    newer_on_disk_count: int | None
    newer_on_disk_reason: str
    update_count: int | None
    update_reason: str
    upgrades_planned_count: int | None
    upgrades_done_count: int | None
    next_upgrade_planned_on: date | None
    plan_reason: str


@dataclass(frozen=True)
class Signal:
    table: ClassVar[str] = "signal"
    order: ClassVar[str] = "signal"
    signal: str
    value: float | None
    unit: str
    previous_value: float | None
    verdict: str
    reason: str
    evidence_count: int


@dataclass(frozen=True)
class AreaDrift:
    table: ClassVar[str] = "config_drift"
    order: ClassVar[str] = "baseline_at, baseline, area, origin"
    baseline: str
    baseline_on: date
    area: str
    origin: str
    difference_count: int
    explained_count: int
    unexplained_count: int
    lost_at_update_count: int


@dataclass(frozen=True)
class Impact:
    table: ClassVar[str] = "upgrade_impact"
    order: ClassVar[str] = "target_major, plan_position"
    target_release: str
    is_latest_release: bool
    kind: str
    item: str | None
    area: str
    assessment: str
    effort: str
    findings: list[str]
    plan_position: int


@dataclass(frozen=True)
class MasterDataRate:
    table: ClassVar[str] = "master_data_rate"
    order: ClassVar[str] = "model, rule <> '', found_count desc nulls last, rule"
    model: str
    rule: str
    title: str
    kind: str | None
    is_judged: bool
    reason: str
    looked_at_count: int | None
    found_count: int | None
    waived_count: int | None
    rate_pct: float | None
    previous_rate_pct: float | None


@dataclass(frozen=True)
class MasterDataException:
    """There may be very many: read are those that most documents of the quarter hang on."""

    table: ClassVar[str] = "master_data_exception"
    order: ClassVar[str] = "is_waived, document_count desc nulls last, severity, since_at, rule, record_id"
    most: ClassVar[int] = 40
    model: str
    rule: str
    title: str
    record_id: int
    detail: str
    since_at: datetime
    since_basis: str
    open_days: int
    last_touched_by: str | None
    document_count: int | None
    amounts: dict[str, dict[str, float]]
    is_waived: bool
    waived_owner: str | None
    waived_reason: str | None
    waived_until_on: date | None


@dataclass(frozen=True)
class Publication:
    table: ClassVar[str] = "publication"
    order: ClassVar[str] = "published_at desc, publication_id desc"
    publication_id: int
    build_id: str
    is_published: bool
    reason: str
    row_counts: dict[str, int]
    as_of_at: datetime
    published_at: datetime


@dataclass(frozen=True)
class Review:
    """Everything published for one client and quarter, read in one transaction; `scorecard` is never empty."""

    client_id: str
    quarter: str
    scorecard: tuple[ScorecardRow, ...]
    module_changes: tuple[ModuleChange, ...]
    ticket_periods: tuple[TicketPeriod, ...]
    ticket_trends: tuple[TicketTrend, ...]
    ticket_services: tuple[TicketService, ...]
    ticket_drivers: tuple[TicketDriver, ...]
    users: tuple[AccessUser, ...]
    currencies: tuple[Currency, ...]
    signals: tuple[Signal, ...]
    area_drifts: tuple[AreaDrift, ...]
    impacts: tuple[Impact, ...]
    master_data_rates: tuple[MasterDataRate, ...]
    master_data_exceptions: tuple[MasterDataException, ...]
    publications: tuple[Publication, ...]


def read_review(settings: Settings, *, client_id: str, quarter: str) -> Review:
    """Read one client's quarter; raise NotPublishedError, saying what is published instead, when there is none."""
    with connect(settings, role=Role.PUBLISHER, application="driftline review") as connection:
        # A publication may commit while the page is being read; one snapshot keeps its tables together.
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection.cursor() as cursor:
            review = Review(
                client_id=client_id,
                quarter=quarter,
                scorecard=_read(cursor, ScorecardRow, client_id, quarter),
                module_changes=_read(cursor, ModuleChange, client_id, quarter),
                ticket_periods=_read(cursor, TicketPeriod, client_id, quarter),
                ticket_trends=_read(cursor, TicketTrend, client_id, quarter),
                ticket_services=_read(cursor, TicketService, client_id, quarter),
                ticket_drivers=_read(cursor, TicketDriver, client_id, quarter),
                users=_read(cursor, AccessUser, client_id, quarter),
                currencies=_read(cursor, Currency, client_id, quarter),
                signals=_read(cursor, Signal, client_id, quarter),
                area_drifts=_read(cursor, AreaDrift, client_id, quarter),
                impacts=_read(cursor, Impact, client_id, quarter),
                master_data_rates=_read(cursor, MasterDataRate, client_id, quarter),
                master_data_exceptions=_read(cursor, MasterDataException, client_id, quarter),
                publications=_read(cursor, Publication, client_id, quarter),
            )
            if not review.scorecard:
                raise _not_published(review, _published_quarters(cursor, client_id))
    return review


def _read(cursor: Cursor, kind: type[Any], client_id: str, quarter: str) -> tuple[Any, ...]:
    columns = sql.SQL(", ").join(sql.Identifier(field.name) for field in fields(kind))
    query = sql.SQL("select {} from review.{} where client_id = %s and quarter = %s order by {} limit {}").format(
        columns, sql.Identifier(kind.table), sql.SQL(kind.order), sql.Literal(getattr(kind, "most", None))
    )
    cursor.execute(query, (client_id, quarter))
    return tuple(kind(*row) for row in cursor.fetchall())


def _published_quarters(cursor: Cursor, client_id: str) -> list[str]:
    cursor.execute("select distinct quarter from review.scorecard where client_id = %s order by quarter", (client_id,))
    return [quarter for (quarter,) in cursor.fetchall()]


def _not_published(review: Review, published: list[str]) -> NotPublishedError:
    held = next((row for row in review.publications if not row.is_published), None)
    cause = f" The gate was closed on {held.published_at:%Y-%m-%d %H:%M} UTC: {held.reason}." if held else ""
    known = f"Published for this client: {', '.join(published)}." if published else "Nothing is published for it yet."
    return NotPublishedError(
        f"quarter {review.quarter} is not published.{cause}",
        client_id=review.client_id,
        hint=f"{known} Look: driftline status",
    )
