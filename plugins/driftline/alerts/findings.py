"""What is wrong after a night, read from `ops` and `quality`: one finding per client and matter, in words.

Each finding is a matter that stays the same from night to night, so that it is told when it opens, changes and closes.
Nothing here decides what is told, and no personal data passes: reasons, names of rules and counts only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from driftline.alerts import checks, reading
from driftline.alerts.finding import CRITICAL, EVERYONE, Finding

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

_ERROR_LENGTH = 200
_SCOPE = re.compile(r" of \d{4}Q[1-4]\Z")


@dataclass(frozen=True)
class Situation:
    """The night in numbers, its findings, and of whom this night can say that something is over."""

    headline: str
    findings: tuple[Finding, ...]
    clients_judged_on_reading: frozenset[str]
    clients_read: frozenset[str]
    clients_judged_on_checks: frozenset[str]
    is_run_judged: bool
    is_reconciliation: bool
    quarter: str | None

    def is_judged(self, client_id: str, name: str) -> bool:
        """Say whether this night would have found the matter again if it still stood."""
        if name == "not read":
            return client_id in self.clients_judged_on_reading
        if name == reading.REPAIRED:
            return client_id in self.clients_read and self.is_reconciliation
        if name in reading.NAMES:
            return client_id in self.clients_read
        if name == "run not begun":
            return self.is_run_judged
        if not name.endswith(_scope(self.quarter)) or (self.quarter is None and _SCOPE.search(name)):
            return False
        if name.startswith(("marts not built", "not checked", "not published")):
            return self.is_run_judged
        return client_id in self.clients_judged_on_checks


@dataclass(frozen=True)
class _Night:
    night_id: str
    as_of_at: datetime | None
    is_recomputation: bool
    client_ids: tuple[str, ...]
    kind: str

    @property
    def is_planned(self) -> bool:
        return self.as_of_at is not None

    @property
    def is_reconciliation(self) -> bool:
        return self.kind == "reconcile"


@dataclass(frozen=True)
class _Build:
    build_id: str
    state: str
    as_of_at: datetime
    quarter: str | None
    error_message: str


def observe(cursor: Cursor, *, night_id: str, build_id: str | None) -> Situation:
    """Read how a night, or a single build, went."""
    night = _night(cursor, night_id)
    build = _build(cursor, night_id=night_id, build_id=build_id)
    findings = _unread(cursor, night) if night.is_planned and not night.is_recomputation else []
    unread = {finding.client_id for finding in findings}
    findings += reading.find(cursor, night.night_id)
    if not night.is_reconciliation:  # which builds and publishes nothing
        findings += _of_the_run(cursor, night, build)
    gated: frozenset[str] = frozenset()
    if build is not None and build.state == "succeeded":
        findings += checks.find(cursor, build_id=build.build_id, scope=_scope(build.quarter), unread=unread)
        gated = _gated(cursor, build)
    return Situation(
        headline=_headline(cursor, night, build, unread),
        findings=tuple(findings),
        clients_judged_on_reading=frozenset(() if night.is_recomputation else night.client_ids),
        clients_read=frozenset(() if night.is_recomputation else set(night.client_ids) - unread),
        # An unread client's own checks are not told, so neither is that they are over.
        clients_judged_on_checks=(gated - unread) | {EVERYONE} if gated else gated,
        is_run_judged=(night.is_planned and not night.is_reconciliation) or build is not None,
        is_reconciliation=night.is_reconciliation,
        quarter=build.quarter if build else None,
    )


def _night(cursor: Cursor, night_id: str) -> _Night:
    cursor.execute(
        "select as_of_at, is_recomputation, client_ids, kind from ops.night where night_id = %s", (night_id,)
    )
    row = cursor.fetchone()
    if row is None:
        return _Night(night_id, None, False, (), "nightly")
    return _Night(night_id, row[0], row[1], tuple(row[2]), row[3])


def _build(cursor: Cursor, *, night_id: str, build_id: str | None) -> _Build | None:
    cursor.execute(
        "select build_id, state, as_of_at, quarter, coalesce(error_message, '') from ops.build"
        " where case when %(build)s::text is null then night_id = %(night)s else build_id = %(build)s end"
        " order by started_at desc limit 1",
        {"build": build_id, "night": night_id},
    )
    row = cursor.fetchone()
    return _Build(*row) if row else None


def _unread(cursor: Cursor, night: _Night) -> list[Finding]:
    cursor.execute(
        "select planned.client_id, r.state, r.error_class, r.error_message,"
        "  (select max(good.read_at) from ops.client_run good"
        "   where good.client_id = planned.client_id and good.state = 'succeeded')"
        " from unnest(%s::text[]) as planned (client_id)"
        " left join ops.client_run r on r.client_id = planned.client_id and r.night_id = %s"
        " where r.state is distinct from 'succeeded' order by 1",
        (list(night.client_ids), night.night_id),
    )
    findings = []
    for client_id, state, error_class, error_message, last_read_at in cursor.fetchall():
        since = f"not read since {in_utc(last_read_at)}" if last_read_at else "never read"
        if state == "failed":
            message = (error_message or "").removeprefix(f"client '{client_id}': ")
            cause = f"{error_class}: {first_line(message)}"
        else:
            cause = "the reading did not come to its end" if state else "the reading did not begin"
        findings.append(
            Finding(
                client_id=client_id,
                name="not read",
                severity=CRITICAL,
                summary=f"{since}: {cause}",
                advice=f"What is published stays as it was. Try again: driftline run --client {client_id}",
            )
        )
    return findings


def _of_the_run(cursor: Cursor, night: _Night, build: _Build | None) -> list[Finding]:
    """Say which step of the run itself did not do its work; the first one that did not explains those behind it."""
    if build is None and not night.is_planned:
        return [_run_finding("run not begun", f"{night.night_id} left no trace in the warehouse",
                             "Nothing was read or published. Look at the run's first task.")]  # fmt: skip
    scope = _scope(build.quarter if build else None)
    if build is None or build.state != "succeeded":
        reason = (first_line(build.error_message) or f"its state is '{build.state}'") if build else "no build began"
        return [_run_finding(f"marts not built{scope}", reason,
                             "Nothing was published. The failing node: ops.dbt_result")]  # fmt: skip
    cursor.execute(
        "select (select count(*) from quality.gate where build_id = %(build)s),"
        " (select count(*) from review.publication where build_id = %(build)s)",
        {"build": build.build_id},
    )
    gates, publications = cursor.fetchone() or (0, 0)
    if not gates:
        return [_run_finding(f"not checked{scope}", "the suites were not run to their end",
                             f"Nothing was published. Run: driftline check --build {build.build_id}")]  # fmt: skip
    if not publications and (unwilling := _answer(cursor, build)):
        return [unwilling]
    if not publications:
        return [_run_finding(f"not published{scope}", "what passed its checks did not reach its readers",
                             f"Run: driftline publish --build {build.build_id}")]  # fmt: skip
    return []


def _answer(cursor: Cursor, build: _Build) -> Finding | None:
    """Say why a quarter's build was not approved; None where nobody was asked, or it was."""
    cursor.execute(
        "select outcome, coalesce(decided_by, 'somebody'), comment from ops.review_decision"
        " where build_id = %s order by decision_id desc limit 1",
        (build.build_id,),
    )
    outcome, decided_by, comment = cursor.fetchone() or (None, "", "")
    words = {
        "rejected": f"{decided_by} rejected it{': ' + first_line(comment) if comment else ''}",
        "timed out": "nobody approved it in time",
        "refused": "whoever approved it has no name",
    }
    if outcome not in words:
        return None
    advice = "What is published stays as it was. Trigger quarterly_review again and answer under Required Actions."
    return _run_finding(f"not published{_scope(build.quarter)}", words[outcome], advice)


def _run_finding(name: str, reason: str, advice: str) -> Finding:
    return Finding(client_id=EVERYONE, name=name, severity=CRITICAL, summary=f"{name}: {reason}", advice=advice)


def _gated(cursor: Cursor, build: _Build) -> frozenset[str]:
    cursor.execute("select client_id from quality.gate where build_id = %s", (build.build_id,))
    return frozenset(client_id for (client_id,) in cursor.fetchall())


def _headline(cursor: Cursor, night: _Night, build: _Build | None, unread: set[str]) -> str:
    as_of_at = night.as_of_at or (build.as_of_at if build else None)
    subject = f"{night.night_id}, as of {in_utc(as_of_at)}" if as_of_at else night.night_id
    parts = []
    if night.is_planned:
        total = len(night.client_ids)
        parts.append(
            "nothing read (a past day)" if night.is_recomputation else f"{total - len(unread)} of {total} clients read"
        )
    if night.is_reconciliation:
        return f"{subject}: {', '.join(parts)}, every value compared."
    cursor.execute(
        "select count(*) filter (where is_published), count(*) filter (where not is_published)"
        " from review.publication where build_id = %s",
        (build.build_id if build else None,),
    )
    published, kept = cursor.fetchone() or (0, 0)
    quarter = f" of {build.quarter}" if build and build.quarter else ""
    parts.append(f"{published} published{quarter}")
    if kept:
        parts.append(f"{kept} kept back")
    return f"{subject}: {', '.join(parts)}."


def _scope(quarter: str | None) -> str:
    """Tell a named quarter's matters from those of the running one, which every night judges anew."""
    return f" of {quarter}" if quarter else ""


def first_line(text: str | None) -> str:
    """Cut an error's text to what fits a message."""
    line = next(iter((text or "").strip().splitlines()), "")
    return line if len(line) <= _ERROR_LENGTH else f"{line[: _ERROR_LENGTH - 1]}…"


def in_utc(moment: datetime) -> str:
    """Write a moment as people read it. The warehouse's sessions speak UTC."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"
