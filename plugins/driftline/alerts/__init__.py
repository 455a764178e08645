"""One message per night: how things stand, and what became better or worse since the last message.

`findings` reads what is wrong, `news` what of it is to be told, `routes` to whom, `delivery` sends, `missed` sends once
more. What was told is remembered in `ops.alert_state`, but only once somebody could have read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from psycopg2.extras import execute_values

from driftline.alerts import missed
from driftline.alerts.findings import in_utc, observe
from driftline.alerts.news import Known, News, Style, compare, compose
from driftline.alerts.routes import Routes, read_routes, send_to_all
from driftline.errors import AlertError
from driftline.policies.alerts import load_alerts
from driftline.warehouse import Role, connect

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from driftline.settings import Settings

__all__ = ["AlertReport", "send"]

_NO_ROUTE = "no route is configured (DRIFTLINE_ALERT_URLS is empty)"


@dataclass(frozen=True)
class AlertReport:
    """The message of a night. Counts are of findings; `failure` says why it was not delivered, if it was not."""

    night_id: str
    title: str
    body: str
    is_delivered: bool
    failure: str
    opened_count: int
    changed_count: int
    closed_count: int
    still_open_count: int


def send(settings: Settings, *, night_id: str, now: datetime, build_id: str | None = None) -> AlertReport:
    """Tell what a night changed, and keep the message. `build_id` names the build where no night belongs to it.

    Without a configured route the message is kept and returned only. Raises AlertError, after keeping it, when a route
    did not take it; what no route took is told again by the next message, what some missed is sent to them before it.
    """
    with connect(settings, role=Role.PUBLISHER, application="driftline alert") as connection:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection.cursor() as cursor:
            situation = observe(cursor, night_id=night_id, build_id=build_id)
            news = compare(situation, _known(cursor), active_clients=_active_clients(cursor))
            policy = load_alerts(settings.policies_folder)
            quiet = policy.quiet_hours
            if quiet is not None and quiet.hold(now):
                news = news.without_warnings()
            routes = read_routes(settings)
            style = Style(owners=routes.owners, runbooks=policy.runbooks)
            undelivered, waits = _undelivered(cursor), missed.waiting(cursor)
    # No transaction is open while the routes are being called: one of them may hang.
    again = _retry(settings, waits, routes, now)
    title, body = compose(situation, news, undelivered=undelivered, retried=list(again.lines), style=style)
    sent = send_to_all(settings, routes, title=title, body=body, situation=situation, news=news, style=style)
    has_route = bool(settings.alert_urls or routes.clients)
    failures = list(sent.failures) if has_route or sent.failures else [_NO_ROUTE]
    is_told = sent.taken_count > 0 or not has_route
    with (
        connect(settings, role=Role.PUBLISHER, application="driftline alert") as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "insert into ops.alert_message (night_id, body, is_delivered, failure, sent_at)"
            " values (%s, %s, %s, %s, %s) returning message_id",
            (night_id, body, not failures, "; ".join(failures) or None, now),
        )
        (message_id,) = cursor.fetchone() or (0,)
        if is_told:
            missed.store(cursor, message_id, sent.misses)
            _remember(cursor, news, now)
    if sent.failures or again.failures:
        raise AlertError(
            f"the message of {night_id} was not delivered everywhere: {'; '.join((*failures, *again.failures))}.",
            hint="It is kept in ops.alert_message. Check DRIFTLINE_ALERT_URLS; the next message says so too.",
        )
    return AlertReport(
        night_id=night_id,
        title=title,
        body=body,
        is_delivered=not failures,
        failure="; ".join(failures),
        opened_count=len(news.opened),
        changed_count=len(news.worsened) + len(news.changed),
        closed_count=len(news.closed),
        still_open_count=len(news.unchanged),
    )


def _retry(settings: Settings, waits: list[missed.Waiting], routes: Routes, now: datetime) -> missed.Retried:
    """Send what routes missed, and remember at once what arrived. Whose routes are unknown, nobody is sent anything."""
    if not waits or routes.trouble:
        return missed.Retried()
    again = missed.retry(settings, waits, routes.clients)
    with connect(settings, role=Role.PUBLISHER, application="driftline alert") as connection:
        missed.settle(connection.cursor(), again.settled, now)
    return again


def _known(cursor: Cursor) -> dict[tuple[str, str], Known]:
    cursor.execute(
        "select client_id, finding, severity, summary, opened_at, changed_at from ops.alert_state"
        " where closed_at is null order by 1, 2"
    )
    return {(row[0], row[1]): Known(*row) for row in cursor.fetchall()}


def _active_clients(cursor: Cursor) -> set[str]:
    cursor.execute("select client_id from ops.client where is_active")
    return {client_id for (client_id,) in cursor.fetchall()}


def _undelivered(cursor: Cursor) -> list[str]:
    cursor.execute(
        "select night_id, sent_at, failure from ops.alert_message where not is_delivered and failure <> %s"
        " and message_id > coalesce((select max(message_id) from ops.alert_message where is_delivered), 0)"
        # What its routes missed has a line of its own once it is settled.
        " and not exists (select from ops.alert_missed m where m.message_id = alert_message.message_id"
        "   and m.settled_at is not null)"
        " order by message_id",
        (_NO_ROUTE,),
    )
    return [f"{night_id}, {in_utc(sent_at)}: {failure}" for night_id, sent_at, failure in cursor.fetchall()]


def _remember(cursor: Cursor, news: News, now: datetime) -> None:
    told = [
        (item.client_id, item.name, item.severity, item.summary, now, now)
        for item in (*news.opened, *news.worsened, *news.changed)
    ]
    if told:
        execute_values(
            cursor,
            "insert into ops.alert_state (client_id, finding, severity, summary, opened_at, changed_at) values %s"
            " on conflict (client_id, finding) do update set severity = excluded.severity, summary = excluded.summary,"
            " changed_at = excluded.changed_at, closed_at = null, opened_at ="
            " case when alert_state.closed_at is null then alert_state.opened_at else excluded.opened_at end",
            told,
        )
    for item in news.closed:
        cursor.execute(
            "update ops.alert_state set closed_at = %s, changed_at = %s where client_id = %s and finding = %s",
            (now, now, item.client_id, item.name),
        )
