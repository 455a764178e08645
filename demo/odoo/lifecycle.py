"""How tickets arrive and what becomes of them, whatever table they live in. Not here: rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Literal

from demo.odoo.clock import WEEKS, Clock
from demo.odoo.truth import Tickets

Stage = Literal["new", "progress", "waiting", "done", "cancelled"]
CLOSED: frozenset[str] = frozenset({"done", "cancelled"})
STAGE_NUMBERS: dict[Stage, int] = {"new": 1, "progress": 2, "waiting": 3, "done": 4, "cancelled": 5}
STAGE_NAMES: dict[Stage, str] = {
    "new": "New", "progress": "In Progress", "waiting": "Awaiting", "done": "Done", "cancelled": "Cancelled",
}  # fmt: skip

_WEEKDAYS = (22, 20, 19, 18, 16, 3, 2)
_HOURS = (1, 1, 0, 0, 0, 1, 2, 6, 16, 22, 21, 18, 11, 14, 18, 17, 13, 8, 4, 3, 2, 2, 1, 1)
_FLAT_BLOCK_WEEKS = 4


@dataclass(frozen=True)
class Move:
    """The ticket goes from one stage to another."""

    at: datetime
    old: Stage
    new: Stage


@dataclass(frozen=True)
class Story:
    """All that becomes of one ticket before the anchor."""

    opened_at: datetime
    priority: str
    assigned_at: datetime | None
    agent: int  # index into the agents
    moves: tuple[Move, ...]
    comments: tuple[tuple[datetime, bool], ...]  # when, and whether by staff
    first_stage: Stage = "new"
    is_archived: bool = False
    lacks_closed_date: bool = False
    lacks_assigned_date: bool = False

    @property
    def stage(self) -> Stage:
        """Where it stands at the anchor."""
        return self.moves[-1].new if self.moves else self.first_stage

    @property
    def closed_at(self) -> datetime | None:
        """The last time it was closed; a reopening does not take it back."""
        return max((move.at for move in self.moves if move.new in CLOSED), default=None)

    @property
    def last_at(self) -> datetime:
        """When it was last written."""
        moments = [self.opened_at, *(move.at for move in self.moves), *([self.assigned_at] if self.assigned_at else [])]
        return max(moments)


def tell_stories(design: Tickets, clock: Clock, random: Random, *, agent_count: int) -> list[Story]:
    """Give all tickets of a client, oldest first."""
    moments = sorted(set(_arrivals(design, clock, random)))
    return [_tell(moment, clock, random, agent_count=agent_count) for moment in moments]


def _arrivals(design: Tickets, clock: Clock, random: Random) -> Iterator[datetime]:
    if design.total is not None:
        for _ in range(design.total):
            # Well before the anchor, so that the number is exact.
            yield _moment(clock, random, week=random.randrange(WEEKS - 1))
        return
    for week, count in enumerate(_weekly_counts(design, clock, random)):
        for _ in range(count):
            moment = _moment(clock, random, week=week)
            if moment < clock.now:
                yield moment


def _moment(clock: Clock, random: Random, *, week: int) -> datetime:
    day = clock.first_monday + timedelta(weeks=week, days=random.choices(range(7), _WEEKDAYS)[0])
    hour = random.choices(range(24), _HOURS)[0]
    return clock.at(day, hour + random.randrange(3600) / 3600) + timedelta(microseconds=random.randrange(1_000_000))


def _weekly_counts(design: Tickets, clock: Clock, random: Random) -> list[int]:
    start, end = float(design.per_week_at_start or 0), float(design.per_week_at_end or 0)
    if design.trend == "flat":
        return _flat_counts(round(start), random)
    counts = []
    for week in range(WEEKS + 1):
        monday = clock.first_monday + timedelta(weeks=week)
        season = 1 + design.season_pct / 100 * math.cos(2 * math.pi * (monday.timetuple().tm_yday - 25) / 365)
        counts.append(_poisson(start * (end / start) ** (week / WEEKS) * season, random))
    return counts


def _flat_counts(per_week: int, random: Random) -> list[int]:
    # Noisy from week to week, the same over every four weeks: whatever the seed, there is no trend to be found.
    counts: list[int] = []
    while len(counts) <= WEEKS:
        block = [0] * _FLAT_BLOCK_WEEKS
        for _ in range(per_week * _FLAT_BLOCK_WEEKS):
            block[random.randrange(_FLAT_BLOCK_WEEKS)] += 1
        counts += block
    return counts[: WEEKS + 1]


def _poisson(mean: float, random: Random) -> int:
    limit, product, count = math.exp(-mean), random.random(), 0
    while product > limit:
        product *= random.random()
        count += 1
    return count


def _tell(opened_at: datetime, clock: Clock, random: Random, *, agent_count: int) -> Story:
    priority = random.choices(("0", "1", "2", "3"), (30, 48, 17, 5))[0]
    agent = random.randrange(agent_count)
    if random.random() < 0.02:
        # Made in a closed stage, for instance to note a telephone call: Odoo sets no closing date then.
        return Story(opened_at, priority, None, agent, (), (), first_stage="done", lacks_closed_date=True)
    assigned_at = clock.at_work(opened_at + timedelta(hours=random.lognormvariate(0.2, 0.9)))
    moves = _moves(assigned_at, clock, random, urgency=int(priority))
    comments = _comments(opened_at, assigned_at, moves, clock, random)
    happened = tuple(move for move in moves if move.at <= clock.now)
    is_closed = bool(happened) and happened[-1].new in CLOSED
    return Story(
        opened_at=opened_at,
        priority=priority,
        assigned_at=assigned_at if assigned_at <= clock.now else None,
        agent=agent,
        moves=happened,
        comments=tuple(comment for comment in comments if comment[0] <= clock.now),
        is_archived=is_closed and random.random() < 0.015,
        lacks_closed_date=is_closed and random.random() < 0.02,
        lacks_assigned_date=random.random() < 0.05,
    )


def _moves(assigned_at: datetime, clock: Clock, random: Random, *, urgency: int) -> list[Move]:
    started_at = clock.at_work(assigned_at + timedelta(hours=random.lognormvariate(0.0, 0.8)))
    moves = [Move(started_at, "new", "progress")]
    if random.random() < 0.015:
        return moves  # never finished: every backlog has these
    stage: Stage = "progress"
    at = started_at
    if random.random() < 0.25:
        at = clock.at_work(at + timedelta(hours=random.lognormvariate(1.5, 0.6)))
        moves.append(Move(at, stage, "waiting"))
        stage = "waiting"
    days = random.lognormvariate(0.8 - 0.3 * urgency, 0.9)
    # Some are begun and done in one go: both moves then carry the same second.
    is_at_once = stage == "progress" and random.random() < 0.05
    at = at if is_at_once else clock.at_work(at + timedelta(days=days))
    end: Stage = "cancelled" if random.random() < 0.08 else "done"
    moves.append(Move(at, stage, end))
    if random.random() < 0.04:
        at = clock.at_work(at + timedelta(days=random.uniform(0.5, 10)))
        moves.append(Move(at, end, "progress"))
        if random.random() < 0.85:
            at = clock.at_work(at + timedelta(days=random.lognormvariate(0.7, 0.8)))
            moves.append(Move(at, "progress", "done"))
    return moves


def _comments(
    opened_at: datetime, assigned_at: datetime, moves: list[Move], clock: Clock, random: Random
) -> list[tuple[datetime, bool]]:
    answered_at = clock.at_work(assigned_at + timedelta(minutes=random.uniform(3, 240)))
    comments = [(answered_at, True)]
    for _ in range(random.choices((0, 1, 2), (60, 30, 10))[0]):
        at = opened_at + (moves[-1].at - opened_at) * random.random()
        comments.append((at, random.random() < 0.4))
    return sorted(comments)
