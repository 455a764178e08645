"""What the page says: cards, findings and counts made from published rows. No SQL, no HTML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from driftline.review_page import drift, master_data, words
from driftline.review_page.rows import AccessUser, Review, ScorecardRow, TicketPeriod, TicketTrend

DORMANT_AFTER_DAYS = 90
VERDICTS = ("good", "watch", "act", "not proven", "n/a")

# The fixed order of the six numbers, with the question that each one answers.
KPIS = {
    "ticket_trend": ("Ticket trend", "Do fewer tickets come in than a year ago?"),
    "customisation_test_coverage": ("Customisation test coverage", "Is what was built for this client tested?"),
    "version_upgrade_age": ("Version upgrade age", "How long since the last major upgrade?"),
    "optimisation_throughput": ("Optimisation throughput", "Do agreed improvements get done?"),
    "master_data_exception_rate": ("Master-data exception rate", "Can the records be relied on?"),
    "audit_prep_effort": ("Audit preparation effort", "What does it cost to be ready for an audit?"),
}
_USER_KINDS = {"internal": "Internal", "share": "Portal and public", "superuser": "Superuser"}


@dataclass(frozen=True)
class Card:
    """One of the six numbers, ready to be written."""

    code: str
    label: str
    question: str
    value: str
    unit: str
    previous: str
    verdict: str
    reason: str


@dataclass(frozen=True)
class Head:
    """What holds for the whole page."""

    as_of_at: datetime
    published_at: datetime
    completeness_pct: float | None
    is_quarter_complete: bool
    is_stale: bool
    stale_since_at: datetime | None
    stale_reason: str
    verdict_counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class UserKind:
    """The users of one kind, counted."""

    name: str
    total: int
    active: int
    archived: int
    dormant: int
    without_login: int


@dataclass(frozen=True)
class Finding:
    """One active user who deserves a look, and why."""

    user: AccessUser
    causes: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """All that the template needs."""

    review: Review
    head: Head
    cards: tuple[Card, ...]
    weeks: tuple[TicketPeriod, ...]
    quarters: tuple[TicketPeriod, ...]
    trend: TicketTrend | None
    categories: tuple[TicketTrend, ...]
    change_counts: tuple[tuple[str, int], ...]
    user_kinds: tuple[UserKind, ...]
    findings: tuple[Finding, ...]
    drift: drift.Drift
    master_data: master_data.MasterData

    def card(self, code: str) -> Card:
        return next(card for card in self.cards if card.code == code)


def compose(review: Review) -> Page:
    """Put published rows into the page's own terms."""
    head = _head(review.scorecard)
    return Page(
        review=review,
        head=head,
        cards=_cards(review.scorecard),
        weeks=tuple(row for row in review.ticket_periods if row.period_kind == "week"),
        quarters=tuple(row for row in review.ticket_periods if row.period_kind == "quarter"),
        trend=next((row for row in review.ticket_trends if row.category == ""), None),
        categories=tuple(row for row in review.ticket_trends if row.category),
        change_counts=tuple(Counter(row.change for row in review.module_changes).most_common()),
        user_kinds=_user_kinds(review.users, head.as_of_at),
        findings=_findings(review.users, head.as_of_at),
        drift=drift.compose(review.currencies, review.signals, review.area_drifts, review.impacts),
        master_data=master_data.compose(review.master_data_rates, review.master_data_exceptions),
    )


def _head(scorecard: Sequence[ScorecardRow]) -> Head:
    stale = next((row for row in scorecard if row.is_stale), None)
    known = [row.completeness_pct for row in scorecard if row.completeness_pct is not None]
    counts = Counter(card.verdict for card in _cards(scorecard))
    return Head(
        as_of_at=min(row.as_of_at for row in scorecard),
        published_at=max(row.published_at for row in scorecard),
        completeness_pct=min(known, default=None),
        is_quarter_complete=all(row.is_quarter_complete for row in scorecard),
        is_stale=stale is not None,
        stale_since_at=stale.stale_since_at if stale else None,
        stale_reason=(stale.stale_reason or "no reason was recorded") if stale else "",
        verdict_counts=tuple((verdict, counts[verdict]) for verdict in VERDICTS if counts[verdict]),
    )


def _cards(scorecard: Sequence[ScorecardRow]) -> tuple[Card, ...]:
    """Make the six cards in their order, then one for each further number that was published."""
    rows = {row.kpi: row for row in scorecard}
    further = {code: (code.replace("_", " ").capitalize(), "") for code in rows if code not in KPIS}
    return tuple(_card(code, *texts, rows.get(code)) for code, texts in {**KPIS, **further}.items())


def _card(code: str, label: str, question: str, row: ScorecardRow | None) -> Card:
    if row is None:
        return Card(code, label, question, words.DASH, "", "", "n/a", "Not part of this publication.")
    unit = words.unit_of(row.unit)
    return Card(
        code=code,
        label=label,
        question=question,
        value=words.value_text(row.value, unit),
        unit=unit.after_value if row.value is not None else "",
        previous=words.change_text(row.value, row.previous_value, unit),
        verdict=row.verdict,
        reason=row.reason,
    )


def _user_kinds(users: Sequence[AccessUser], as_of_at: datetime) -> tuple[UserKind, ...]:
    return tuple(
        UserKind(
            name=name,
            total=len(members),
            active=sum(user.is_active is True for user in members),
            archived=sum(user.is_active is False for user in members),
            dormant=sum(user.is_active is True and _is_dormant(user, as_of_at) for user in members),
            without_login=sum(user.is_active is True and user.last_login_at is None for user in members),
        )
        for kind, name in _USER_KINDS.items()
        if (members := [user for user in users if user.user_kind == kind])
    )


def _is_dormant(user: AccessUser, as_of_at: datetime) -> bool:
    return user.last_login_at is not None and user.last_login_at < as_of_at - timedelta(days=DORMANT_AFTER_DAYS)


def _findings(users: Sequence[AccessUser], as_of_at: datetime) -> tuple[Finding, ...]:
    """List active internal users who deserve a look, people who left first."""
    found = [
        Finding(user, causes)
        for user in users
        if user.is_active and user.user_kind == "internal" and (causes := _causes(user, as_of_at))
    ]
    return tuple(sorted(found, key=lambda finding: (finding.user.employee_state != "archived", -len(finding.causes))))


def _causes(user: AccessUser, as_of_at: datetime) -> tuple[str, ...]:
    causes = []
    if user.employee_state == "archived":
        causes.append("employee is archived")
    elif user.employee_state == "none":
        causes.append("no employee")
    if user.last_login_at is None:
        causes.append("no login on record")
    elif _is_dormant(user, as_of_at):
        causes.append(f"no login for {(as_of_at - user.last_login_at).days:,} days")
    return tuple(causes)
