"""Closing a quarter with somebody's word: what is put before them, what they said, and that it is what is published.

Asking is Airflow's part. A night may run between question and answer and replace the candidates: then the quarter is
built once more as of the same moment, and published only if every number is the one that was approved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from driftline import quality, transform
from driftline.access_review import cycle
from driftline.errors import GateError
from driftline.publish import candidate_digests
from driftline.sealing import Decision
from driftline.warehouse import Role, connect

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from driftline.settings import Settings

APPROVE, REJECT = "Approve", "Reject"
APPROVED, REJECTED, TIMED_OUT, REFUSED = "approved", "rejected", "timed out", "refused"
_NAMED = 20


@dataclass(frozen=True)
class Proposal:
    """What is asked about: a text for people, and a digest of what each client's readers would see."""

    build_id: str
    text: str
    digests: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """What came of the question. `decision` is there where it was approved by somebody with a name."""

    outcome: str
    decision: Decision | None
    reason: str


def propose(settings: Settings, *, build_id: str) -> Proposal:
    """Put a checked build into words and digests."""
    with connect(settings, role=Role.PUBLISHER) as connection, connection.cursor() as cursor:
        digests = candidate_digests(cursor, build_id)
        lines = _summary(cursor, build_id, len(digests))
    return Proposal(build_id=build_id, text="\n".join(lines), digests=digests)


def _summary(cursor: Cursor, build_id: str, open_count: int) -> list[str]:
    cursor.execute("select quarter, as_of_at from ops.build where build_id = %s", (build_id,))
    quarter, as_of_at = cursor.fetchone() or (None, None)
    lines = [f"**{quarter}** as of {as_of_at:%Y-%m-%d %H:%M} UTC, build `{build_id}`.", ""]
    lines += [f"{open_count} clients would be published."]
    for title, query in (
        ("Not published", "select client_id, reason from quality.gate where build_id = %s and not is_open order by 1"),
        (
            "Shown as n/a",
            "select client_id, kpi || ': ' || reason from quality.voided_kpi where build_id = %s order by 1",
        ),
        (
            "Waived",
            "select client_id, suite || ': ' || expectation || ', ' || reason || ' (' || owner || ', until '"
            " || until_on || ')' from quality.waiver where build_id = %s and state = 'used' order by 1",
        ),
        (
            "Warnings",
            "select client_id, suite || ': ' || expectation || ', ' || failing_count || ' rows'"
            " from quality.check_result where build_id = %s and not is_passed and severity = 'warning'"
            " and waived_by is null order by 1",
        ),
    ):
        cursor.execute(query, (build_id,))
        rows = cursor.fetchall()
        if rows:
            lines += ["", f"{title}:", *(f"- {client_id}: {words}" for client_id, words in rows[:_NAMED])]
        if len(rows) > _NAMED:
            lines.append(f"- and {len(rows) - _NAMED} more")
    reviews = cycle.open_cycles(cursor, quarter) if quarter else {}
    if reviews:
        lines += ["", "Reviews of access that are open; those that are finished are closed by the approval:"]
        lines += [f"- {client_id}: {words}" for client_id, words in list(reviews.items())[:_NAMED]]
        lines += [f"- and {len(reviews) - _NAMED} more"] if len(reviews) > _NAMED else []
    return lines


def record(
    settings: Settings, *, build_id: str, answer: Mapping[str, Any] | None, run_id: str, now: datetime
) -> Answer:
    """Keep what was answered (None: nobody did) and say what follows from it; an answer without a name is refused."""
    found = _judge(answer)
    with connect(settings, role=Role.PUBLISHER) as connection, connection.cursor() as cursor:
        cursor.execute("select quarter from ops.build where build_id = %s", (build_id,))
        (quarter,) = cursor.fetchone() or (None,)
        name = _name(answer) if answer else None
        _insert(cursor, build_id, quarter, found.outcome, name, _comment(answer), run_id, now)
    return found


def _judge(answer: Mapping[str, Any] | None) -> Answer:
    if answer is None:
        return Answer(TIMED_OUT, None, "nobody answered in time")
    name, comment = _name(answer), _comment(answer)
    if REJECT in answer["chosen_options"]:
        return Answer(REJECTED, None, f"{name or 'somebody'} rejected it{': ' + comment if comment else ''}")
    if name is None:
        return Answer(REFUSED, None, "whoever approved it has no name; log in as somebody and answer again")
    return Answer(APPROVED, Decision(decided_by=name, comment=comment), "")


def _name(answer: Mapping[str, Any]) -> str | None:
    user = answer.get("responded_by_user") or {}
    name = str(user.get("name") or user.get("id") or "").strip()
    return name if name and name.lower() != "anonymous" else None


def _comment(answer: Mapping[str, Any] | None) -> str:
    return str(((answer or {}).get("params_input") or {}).get("comment") or "").strip()


def _insert(
    cursor: Cursor, build_id: str, quarter: str | None, outcome: str, name: str | None, comment: str, run_id: str,
    now: datetime,
) -> None:  # fmt: skip
    cursor.execute(
        "insert into ops.review_decision (build_id, quarter, outcome, decided_by, decided_at, comment, run_id)"
        " values (%s, %s, %s, %s, %s, %s, %s)",
        (build_id, quarter, outcome, name, now, comment, run_id),
    )


def restore(settings: Settings, *, proposal: Proposal, decision: Decision, run_id: str, now: datetime) -> str:
    """Give the build to be published: the one that was approved, or the same numbers built once more.

    Raises GateError where they came out otherwise: then they were not approved.
    """
    with connect(settings, role=Role.PUBLISHER) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select as_of_at, quarter, (select build_id from ops.build order by started_at desc limit 1)"
            " from ops.build where build_id = %s",
            (proposal.build_id,),
        )
        as_of_at, quarter, last_build_id = cursor.fetchone() or (now, None, None)
    if last_build_id == proposal.build_id:
        return proposal.build_id
    built = transform.build(settings, night_id=None, as_of_at=as_of_at, quarter=quarter, now=now)
    quality.check(settings, build_id=built.build_id, now=now)
    with connect(settings, role=Role.PUBLISHER) as connection, connection.cursor() as cursor:
        digests = candidate_digests(cursor, built.build_id)
        _insert(cursor, built.build_id, quarter, APPROVED, decision.decided_by, decision.comment, run_id, now)
    changed = sorted(name for name in {*digests, *proposal.digests} if digests.get(name) != proposal.digests.get(name))
    if changed:
        raise GateError(
            f"{quarter} came out otherwise than approved for {', '.join(changed[:_NAMED])}; nothing was published.",
            hint="Run the review again and have these numbers approved.",
        )
    return built.build_id
