"""What of a night's findings is news: what opened, got worse, changed or is over; and the message that says so."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from driftline.alerts.finding import CRITICAL, EVERYONE, WARNING, Finding
from driftline.alerts.findings import Situation, in_utc

_WEIGHT = {WARNING: 0, CRITICAL: 1}
_NAMED_CLIENTS = 10
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class Known:
    """A finding as it was last told."""

    client_id: str
    name: str
    severity: str
    summary: str
    opened_at: datetime
    changed_at: datetime


@dataclass(frozen=True)
class News:
    """The difference between what was told and what is."""

    opened: tuple[Finding, ...]
    worsened: tuple[Finding, ...]
    changed: tuple[Finding, ...]
    closed: tuple[Known, ...]
    unchanged: tuple[Known, ...]
    opened_at: Mapping[tuple[str, str], datetime]
    waiting_count: int = 0

    @property
    def is_any(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.opened or self.worsened or self.changed or self.closed)

    def only_of(self, clients: frozenset[str]) -> News:
        """Keep what concerns some clients; of what befell the whole run no more than that it did."""

        def kept(items: tuple[Finding, ...]) -> tuple[Finding, ...]:
            return tuple(
                replace(item, summary=item.name, advice="It concerns all clients, and is being looked at.")
                if item.client_id == EVERYONE
                else item
                for item in items
                if item.client_id in clients or (item.client_id == EVERYONE and item.severity == CRITICAL)
            )

        return replace(
            self,
            opened=kept(self.opened),
            worsened=kept(self.worsened),
            changed=kept(self.changed),
            closed=tuple(
                item
                for item in self.closed
                if item.client_id in clients or (item.client_id == EVERYONE and item.severity == CRITICAL)
            ),
            unchanged=tuple(item for item in self.unchanged if item.client_id in clients),
            waiting_count=0,
        )

    def without_warnings(self) -> News:
        """Leave out what is no more than a warning: it is not told, so that a later message finds it new."""
        opened, worsened, changed = (
            tuple(item for item in items if item.severity != WARNING)
            for items in (self.opened, self.worsened, self.changed)
        )
        closed = tuple(item for item in self.closed if item.severity != WARNING)
        told = sum(map(len, (self.opened, self.worsened, self.changed, self.closed)))
        kept = sum(map(len, (opened, worsened, changed, closed)))
        return replace(
            self, opened=opened, worsened=worsened, changed=changed, closed=closed, waiting_count=told - kept
        )


def compare(situation: Situation, known: Mapping[tuple[str, str], Known], *, active_clients: set[str]) -> News:
    """Sort tonight's findings by what was told of them before."""
    opened, worsened, changed, unchanged = [], [], [], []
    for finding in situation.findings:
        before = known.get((finding.client_id, finding.name))
        if before is None:
            opened.append(finding)
        elif _WEIGHT[finding.severity] > _WEIGHT[before.severity]:
            worsened.append(finding)
        elif _gist(finding.summary) != _gist(before.summary):
            changed.append(finding)
        else:
            unchanged.append(before)
    present = {(finding.client_id, finding.name) for finding in situation.findings}
    gone = [item for key, item in known.items() if key not in present]
    closed = [
        item
        for item in gone
        if situation.is_judged(item.client_id, item.name)
        or (item.client_id != EVERYONE and item.client_id not in active_clients)
    ]
    unchanged += [item for item in gone if item not in closed]
    return News(
        opened=_worst_first(opened),
        worsened=_worst_first(worsened),
        changed=_worst_first(changed),
        closed=tuple(sorted(closed, key=lambda item: (-_WEIGHT[item.severity], item.client_id, item.name))),
        unchanged=tuple(unchanged),
        opened_at={key: item.opened_at for key, item in known.items()},
    )


def _gist(summary: str) -> str:
    # Counts, ports and times move every night; that is no news.
    return _DIGITS.sub("#", summary)


def _worst_first(findings: list[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda item: (-_WEIGHT[item.severity], item.client_id, item.name)))


@dataclass(frozen=True)
class Style:
    """What a message adds to its findings: their clients' owners, and where the runbooks lie."""

    owners: Mapping[str, str]
    runbooks: str


def compose(
    situation: Situation, news: News, *, undelivered: list[str], style: Style, retried: Sequence[str] = ()
) -> tuple[str, str]:
    """Write title and body; the body's first line says how things stand."""
    standing = [item.severity for item in (*news.opened, *news.worsened, *news.changed)]
    standing += [item.severity for item in news.unchanged]
    counts = _counts(standing)
    title = f"Driftline: {counts}" if standing else "Driftline: all well"
    lines = [situation.headline, ""]
    told = _told(news, style)
    lines += told
    if not told:
        lines.append("Nothing new since the last message.")
    if news.waiting_count:
        lines.append(f"Quiet hours: news of {news.waiting_count} warnings wait for the next message after them.")
    if news.unchanged:
        lines.append(
            f"Still open, told before: {_counts([item.severity for item in news.unchanged])}. Who: driftline status"
        )
    lines += [f"Not delivered before: {line}" for line in undelivered]
    lines += retried
    return title, "\n".join(lines)


def _told(news: News, style: Style) -> list[str]:
    """Write the news, worst first; what befell several clients alike is one line."""
    states = [("new", news.opened), ("worse", news.worsened), ("changed", news.changed)]
    alike: dict[tuple[int, str, str, str], list[Finding]] = {}
    for state, findings in states:
        for finding in findings:
            opened_at = news.opened_at.get((finding.client_id, finding.name))
            since = f" (open since {in_utc(opened_at)})" if opened_at else ""
            alike.setdefault((-_WEIGHT[finding.severity], state, finding.summary, since), []).append(finding)
    lines = []
    for (_, state, summary, since), same in sorted(alike.items(), key=lambda pair: pair[0][0]):
        clients = _of([finding.client_id for finding in same])
        lines += [f"{same[0].severity.upper()}, {state}: {clients}{summary}{since}", f"  {same[0].advice}"]
        lines.append(f"  {_owned(same, style)}See {style.runbooks.rstrip('/')}/{same[0].runbook}.md")
    over: dict[tuple[str, datetime], list[str]] = {}
    for item in news.closed:
        over.setdefault((item.name, item.opened_at), []).append(item.client_id)
    lines += [f"OVER: {_of(clients)}{name}; open since {in_utc(at)}" for (name, at), clients in over.items()]
    return lines


def _of(client_ids: list[str]) -> str:
    if client_ids == [EVERYONE]:
        return ""
    named = ", ".join(client_ids[:_NAMED_CLIENTS])
    more = len(client_ids) - _NAMED_CLIENTS
    return f"{named} and {more} more: " if more > 0 else f"{named}: "


def _owned(findings: list[Finding], style: Style) -> str:
    owners = dict.fromkeys(style.owners[item.client_id] for item in findings if item.client_id in style.owners)
    return f"Owner: {', '.join(owners)}. " if owners else ""


def _counts(severities: list[str]) -> str:
    critical, warnings = severities.count(CRITICAL), severities.count(WARNING)
    return f"{critical} critical, {warnings} {'warning' if warnings == 1 else 'warnings'}"
