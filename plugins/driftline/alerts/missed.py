"""Messages that a route missed while another took them: kept with the route, sent once more by the next run.

What no route took is told anew by the next message itself, and not kept here. An address is a secret: kept is a salted
hash of it, so that a message only ever goes where it was meant to go.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from psycopg2.extras import execute_values

from driftline.alerts.delivery import deliver
from driftline.alerts.findings import in_utc

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from driftline.settings import Settings

EVERYBODY = ""


@dataclass(frozen=True)
class Miss:
    """A message and one address of a route that did not take it; `place` 0: the route had no address at all."""

    route: str
    place: int
    address_hash: str
    client_ids: tuple[str, ...]
    title: str
    body: str


@dataclass(frozen=True)
class Waiting:
    """A miss that nobody settled yet, with the message it belongs to."""

    message_id: int
    night_id: str
    sent_at: datetime
    miss: Miss

    @property
    def what(self) -> str:
        route = f"route {self.miss.route}" if self.miss.route else "everybody's route"
        return f"{self.night_id}, {in_utc(self.sent_at)}, to {route}"


@dataclass(frozen=True)
class Retried:
    """What became of those that waited: settled ones with their outcome, lines to tell, and refusals."""

    settled: tuple[tuple[Waiting, str], ...] = ()
    lines: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


def address_hash(settings: Settings, url: str) -> str:
    """Hash an address with the platform's salt."""
    return hmac.new(settings.hash_salt.encode(), url.encode(), hashlib.sha256).hexdigest()


def waiting(cursor: Cursor) -> list[Waiting]:
    """Read what waits, oldest first."""
    cursor.execute(
        "select m.message_id, a.night_id, a.sent_at, m.route, m.place, m.address_hash, m.client_ids, m.title, m.body"
        " from ops.alert_missed m join ops.alert_message a using (message_id)"
        " where m.settled_at is null order by 1, 4, 5"
    )
    return [
        Waiting(row[0], row[1], row[2], Miss(row[3], row[4], row[5], tuple(row[6]), row[7], row[8]))
        for row in cursor.fetchall()
    ]


def retry(settings: Settings, waits: Sequence[Waiting], clients: Mapping[str, frozenset[str]]) -> Retried:
    """Send what waits, all of an address in one message. `clients` are those whose news each named route may have."""
    by_address: dict[tuple[str, str], list[Waiting]] = {}
    settled: list[tuple[Waiting, str]] = []
    lines: list[str] = []
    failures: list[str] = []
    for wait in waits:
        urls = _addresses(settings, wait.miss, clients)
        if urls is None:
            settled.append((wait, "given up"))
            lines.append(f"Not sent again, its route is another now: {wait.what}")
            continue
        for url in urls:
            by_address.setdefault((wait.miss.route, url), []).append(wait)
    refused: set[int] = set()
    for (route, url), missed in by_address.items():
        name = f"route {route}," if route else "route"
        said = deliver([url], title=_title(missed), body=_body(missed), name=name)
        failures += [f"{words}, again" for words in said.values()]
        refused |= {id(wait) for wait in missed} if said else set()
    for wait in dict.fromkeys(wait for missed in by_address.values() for wait in missed):
        if id(wait) not in refused:
            settled.append((wait, "delivered"))
            lines.append(f"Delivered late: {wait.what}")
    return Retried(tuple(settled), tuple(lines), tuple(failures))


def settle(cursor: Cursor, settled: Iterable[tuple[Waiting, str]], now: datetime) -> None:
    """Remember what is over, so that it is sent and told once."""
    for wait, outcome in settled:
        cursor.execute(
            "update ops.alert_missed set settled_at = %s, outcome = %s"
            " where message_id = %s and route = %s and place = %s",
            (now, outcome, wait.message_id, wait.miss.route, wait.miss.place),
        )


def store(cursor: Cursor, message_id: int, misses: Iterable[Miss]) -> None:
    """Keep what a message's routes missed."""
    rows = [(message_id, it.route, it.place, it.address_hash, list(it.client_ids), it.title, it.body) for it in misses]
    if rows:
        execute_values(
            cursor,
            "insert into ops.alert_missed (message_id, route, place, address_hash, client_ids, title, body) values %s",
            rows,
        )


def _addresses(settings: Settings, miss: Miss, clients: Mapping[str, frozenset[str]]) -> list[str] | None:
    """Find where a message may go today: to the address it was meant for, or to those of a route that had none."""
    if miss.route == EVERYBODY:
        urls: Sequence[str] = settings.alert_urls
    elif not set(miss.client_ids) <= clients.get(miss.route, frozenset()):
        return None
    else:
        urls = settings.alert_routes.get(miss.route, ())
    if miss.place == 0:
        return list(urls)
    return [url for url in urls if address_hash(settings, url) == miss.address_hash][:1] or None


def _title(missed: Sequence[Waiting]) -> str:
    return f"{missed[0].miss.title} (missed before)" if len(missed) == 1 else f"Driftline: {len(missed)} missed before"


def _body(missed: Sequence[Waiting]) -> str:
    return "\n\n".join(f"Not delivered on {in_utc(wait.sent_at)}:\n{wait.miss.body}" for wait in missed)
