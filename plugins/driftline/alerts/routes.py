"""Who is told what: everybody's routes get the whole message, a client's own routes what concerns that client alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from driftline.alerts.delivery import deliver
from driftline.alerts.findings import Situation
from driftline.alerts.missed import EVERYBODY, Miss, address_hash
from driftline.alerts.news import News, Style, compose
from driftline.errors import ConfigError
from driftline.registry import load_registry

if TYPE_CHECKING:
    from driftline.settings import Settings


@dataclass(frozen=True)
class Routes:
    """Owners by client, and the clients of each named route; `trouble` says why they could not be read."""

    owners: Mapping[str, str] = field(default_factory=dict)
    clients: Mapping[str, frozenset[str]] = field(default_factory=dict)
    trouble: str = ""


@dataclass(frozen=True)
class Sent:
    """How many addresses took a message, what the others did, and what they missed by that."""

    taken_count: int
    failures: tuple[str, ...]
    misses: tuple[Miss, ...]


def read_routes(settings: Settings) -> Routes:
    """Read who is told of which client. A registry that is broken must not keep the message that says so."""
    try:
        registry = load_registry(settings.clients_file)
    except ConfigError as error:
        return Routes(trouble=f"clients' own routes are not known: {error}")
    clients: dict[str, set[str]] = {}
    for client in registry.clients.values():
        for route in client.alerts.routes:
            clients.setdefault(route, set()).add(client.client_id)
    return Routes(
        owners={item.client_id: item.alerts.owner for item in registry.clients.values() if item.alerts.owner},
        clients={name: frozenset(told) for name, told in sorted(clients.items())},
    )


def send_to_all(
    settings: Settings, routes: Routes, *, title: str, body: str, situation: Situation, news: News, style: Style
) -> Sent:
    """Send the whole message to everybody's routes, and to each client's own what is news of theirs, if anything is."""
    taken_count = 0
    failures: list[str] = []
    misses: list[Miss] = []

    def tell(route: str, urls: Sequence[str], title: str, body: str, clients: frozenset[str]) -> None:
        nonlocal taken_count
        refused = deliver(urls, title=title, body=body, name=f"route {route}," if route else "route")
        taken_count += len(urls) - len(refused)
        failures.extend(refused.values())
        misses.extend(
            Miss(route, place, address_hash(settings, urls[place - 1]), tuple(sorted(clients)), title, body)
            for place in refused
        )

    tell(EVERYBODY, settings.alert_urls, title, body, frozenset())
    for name, clients in routes.clients.items():
        own = news.only_of(clients)
        if not own.is_any:
            continue
        own_title, own_body = compose(situation.without_counts(), own, undelivered=[], style=style)
        if urls := settings.alert_routes.get(name, ()):
            tell(name, urls, own_title, own_body, clients)
        else:
            failures.append(f"route {name} has no address (DRIFTLINE_ALERT_ROUTES does not name it)")
            misses.append(Miss(name, 0, "", tuple(sorted(clients)), own_title, own_body))
    if routes.trouble:
        failures.append(routes.trouble)
    return Sent(taken_count, tuple(failures), tuple(misses))
