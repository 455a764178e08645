"""Tickets with known lives, and their weeks and quarters counted in plain Python."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.transform.world import DONE, NEW, STAGE_FIELD, STATE_FIELD, TASK_STAGE_FIELD, WAITING, World, at

AS_OF = at("2026-10-07 02:00")
READ_AT = at("2026-10-07 02:15")
NIGHT = "night of lives"
ZONES = {"athens": "Europe/Athens", "kolkata": "Asia/Kolkata", "chatham": "Pacific/Chatham", "lima": "America/Lima"}

Changes = Sequence[tuple[datetime, int, int]]
Life = tuple[datetime, Changes, int]


@dataclass
class Period:
    """One week or quarter as it should come out."""

    opened: int = 0
    closed: int = 0
    reopened: int = 0
    backlog: int = 0


@dataclass
class Known:
    """What was planted and what is expected of it."""

    lives: dict[str, dict[int, Life]] = field(default_factory=dict)
    weekly_counts: dict[str, list[int]] = field(default_factory=dict)
    split_counts: dict[str, dict[str, list[int]]] = field(default_factory=dict)


def random_lives(seed: int, count: int) -> dict[int, Life]:
    """Tickets that are opened over two years and wander between stages, often several times in one second."""
    chance = random.Random(seed)
    lives: dict[int, Life] = {}
    for key in range(1, count + 1):
        opened_at = AS_OF - timedelta(seconds=chance.randrange(60, 760 * 86_400))
        changes: list[tuple[datetime, int, int]] = []
        stage, moment = NEW, opened_at.replace(microsecond=0)
        for _ in range(chance.choice([0, 1, 1, 2, 3, 5])):
            moment += timedelta(seconds=chance.choice([0, 0, 1, 3_600, 86_400 * chance.randrange(1, 90)]))
            following = chance.choice([one for one in (NEW, WAITING, DONE) if one != stage])
            changes.append((moment, stage, following))
            stage = following
        lives[key] = (opened_at, changes, stage)
    return lives


def count_periods(lives: Mapping[int, Life], zone: str, unit: str, as_of_at: datetime) -> dict[date, Period]:
    """Count a client's weeks or quarters, from the first ticket to the moment of evaluation."""

    def bucket(moment: datetime) -> date:
        day = moment.astimezone(ZoneInfo(zone)).date()
        if unit == "week":
            return day - timedelta(days=day.weekday())
        return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)

    events: list[tuple[datetime, str, int]] = []
    for opened_at, changes, _ in lives.values():
        events.append((opened_at, "opened", 1))
        is_closed = bool(changes) and changes[0][1] == DONE
        for moment, _, following in changes:
            if (following == DONE) != is_closed:
                is_closed = following == DONE
                event = ("closed", -1) if is_closed else ("reopened", 1)
                events.append((max(moment, opened_at), *event))
    events = [event for event in events if event[0] < as_of_at]
    periods: dict[date, Period] = {}
    start, last = min(bucket(event[0]) for event in events), bucket(as_of_at)
    while start <= last:
        periods[start] = Period()
        step = 7 if unit == "week" else 92
        start = bucket(datetime(start.year, start.month, start.day, 12, tzinfo=ZoneInfo(zone)) + timedelta(days=step))
    for moment, event, change in events:
        period = periods[bucket(moment)]
        setattr(period, event, getattr(period, event) + 1)
        for start, later in periods.items():
            if start >= bucket(moment):
                later.backlog += change
    return periods


CASES: dict[int, Life] = {
    1: (at("2026-09-07 08:00"), [(at("2026-09-29 10:00"), NEW, DONE), (at("2026-10-02 09:00"), DONE, NEW)], NEW),
    2: (
        at("2026-09-15 09:00"),
        [(at("2026-09-15 10:00"), old, new) for old, new in [(NEW, WAITING), (WAITING, DONE), (DONE, NEW)]],
        NEW,
    ),
    # Made in a closing stage, reopened later.
    9: (at("2026-09-01 08:00"), [(at("2026-09-22 08:00"), DONE, NEW)], NEW),
    # An imported message that is older than its ticket.
    10: (at("2026-09-10 08:00"), [(at("2026-02-01 08:00"), NEW, DONE)], DONE),
    # A stage that nobody has ever seen counts as open.
    11: (at("2026-09-10 08:00"), [(at("2026-09-11 08:00"), NEW, 99)], 99),
    # Athens: the last second of the third quarter and the first of the fourth; of week 38 and week 39.
    12: (at("2026-09-30 20:59:59"), [], NEW),
    13: (at("2026-09-30 21:00:00"), [], NEW),
    14: (at("2026-09-20 20:59:59"), [], NEW),
    15: (at("2026-09-20 21:00:00"), [], NEW),
}


def plant(world: World, known: Known) -> None:
    for number, (name, zone) in enumerate(ZONES.items()):
        world.client(name, timezone=zone, registered_at=AS_OF)
        world.basics(name, read_at=READ_AT)
        known.lives[name] = random_lives(seed=number, count=400)
        world.tickets(name, known.lives[name], read_at=READ_AT)
    plant_cases(world)
    plant_untracked(world)
    plant_tasks(world)


def plant_cases(world: World) -> None:
    world.client("cases", registered_at=AS_OF)
    world.basics("cases", read_at=READ_AT)
    world.tickets("cases", CASES, read_at=READ_AT)
    # A change of assignee is no change of stage, and another model's message is none of this ticket.
    strays = [{"id": 1, "model": "helpdesk.ticket", "res_id": 12, "date": at("2026-10-03 08:00")}]
    strays.append({"id": 2, "model": "crm.lead", "res_id": 12, "date": at("2026-10-03 08:00")})
    world.raw("cases", "mail_message", strays, read_at=READ_AT)
    tracked = [
        {"id": 1, "field_id": 903, "mail_message_id": 1, "old_value_integer": NEW, "new_value_integer": DONE},
        {"id": 2, "field_id": STAGE_FIELD, "mail_message_id": 2, "old_value_integer": NEW, "new_value_integer": DONE},
    ]
    world.raw("cases", "mail_tracking_value", tracked, read_at=READ_AT)


def plant_untracked(world: World) -> None:
    """Tickets of which Odoo did not track everything, archived ones and deleted ones."""
    world.client("stamped", registered_at=AS_OF)
    world.basics("stamped", read_at=READ_AT)
    ticket = {"create_date": at("2026-07-06 08:00"), "stage_id": DONE, "closed_date": None, "last_stage_update": None}
    rows = [
        {**ticket, "id": 3, "closed_date": at("2026-09-16 12:00"), "last_stage_update": at("2026-09-23 12:00")},
        {**ticket, "id": 4, "last_stage_update": at("2026-09-23 12:00")},
        {**ticket, "id": 5, "closed_date": at("2026-08-03 08:00"), "last_stage_update": at("2026-09-30 12:00")},
        {**ticket, "id": 6},
    ]
    world.raw("stamped", "helpdesk_ticket", rows, read_at=READ_AT)
    closed_and_reopened = [(at("2026-08-03 08:00"), NEW, DONE), (at("2026-08-10 08:00"), DONE, NEW)]
    closed = [(at("2026-07-27 08:00"), NEW, DONE)]
    world.changes("stamped", {5: closed_and_reopened, 9: closed}, read_at=READ_AT)
    archived = {"id": 7, "create_date": at("2026-07-13 08:00"), "stage_id": NEW, "active": False}
    world.raw("stamped", "helpdesk_ticket", [archived], read_at=READ_AT)
    gone = [
        {"id": key, "create_date": at("2026-07-20 08:00"), "stage_id": stage} for key, stage in [(8, NEW), (9, DONE)]
    ]
    world.raw("stamped", "helpdesk_ticket", gone, read_at=READ_AT, deleted_at=AS_OF)


def plant_tasks(world: World) -> None:
    """Tasks as tickets, by state (17.0) and by stage (16.0); tasks of other projects are none."""
    for client_id, version in (("states", "17.0.1.3"), ("stages", "16.0.1.3")):
        world.client(client_id, ticket_source="project", projects=[5, 6], registered_at=AS_OF)
        world.basics(client_id, read_at=READ_AT, version=version)
    task = {
        "create_date": at("2026-07-06 08:00"), "project_id": 5, "stage_id": NEW, "state": "01_in_progress",
        "date_end": None, "date_last_stage_update": at("2026-07-06 08:00"), "is_closed": None,
    }  # fmt: skip
    rows = [
        {**task, "id": 1, "state": "1_done"},  # closed when its state was last tracked
        {**task, "id": 2, "state": "1_canceled", "project_id": 6, "date_end": at("2026-07-21 08:00")},
        {**task, "id": 3, "state": "1_done", "date_last_stage_update": at("2026-07-28 08:00")},
        {**task, "id": 4, "state": "03_approved", "stage_id": DONE},  # a folded stage closes nothing from 17.0
        {**task, "id": 5, "state": "1_done", "project_id": 7},
        {**task, "id": 6, "state": "1_done", "project_id": None},
    ]
    world.raw("states", "project_task", rows, read_at=READ_AT)
    marks = [(at(f"2026-07-{day} 08:00"), 0, 0) for day in (13, 14, 15)]
    world.changes("states", {1: marks}, read_at=READ_AT, model="project.task", field_id=STATE_FIELD)
    staged = {**task, "state": None}
    rows = [
        {**staged, "id": 1, "stage_id": DONE, "is_closed": True},
        {**staged, "id": 2, "stage_id": WAITING, "is_closed": False},
        {**staged, "id": 3, "stage_id": DONE, "is_closed": True, "project_id": 7},
    ]
    world.raw("stages", "project_task", rows, read_at=READ_AT)
    moved = [(at("2026-07-14 08:00"), NEW, DONE)]
    world.changes("stages", {1: moved}, read_at=READ_AT, model="project.task", field_id=TASK_STAGE_FIELD)


def plant_weekly(
    world: World, client_id: str, counts: Sequence[int] | Mapping[str, Sequence[int]], *, zone: str, seed: int
) -> None:
    """Open so many tickets in each of the last complete weeks, and one in the week before them; counts of one kind of
    ticket, or of each category."""
    chance = random.Random(seed)
    here = AS_OF.astimezone(ZoneInfo(zone)).date()
    running = here - timedelta(days=here.weekday())
    split = counts if isinstance(counts, Mapping) else {"": counts}
    opened = []
    for category_id, weekly in enumerate(split.values(), start=1):
        for back, count in enumerate([*reversed(weekly), 1], start=1):
            monday = datetime.combine(running - timedelta(weeks=back), datetime.min.time(), ZoneInfo(zone))
            # Five of seven days: whatever the clocks do on a Sunday, the ticket stays in its week.
            moments = [monday + timedelta(seconds=chance.randrange(5 * 86_400)) for _ in range(count)]
            opened += [(moment, category_id if "" not in split else None) for moment in moments]
    world.client(client_id, timezone=zone, registered_at=AS_OF)
    world.basics(client_id, read_at=READ_AT)
    names = [{"id": number, "name": name} for number, name in enumerate(split, start=1) if name]
    world.raw(client_id, "helpdesk_ticket_category", names, read_at=READ_AT)
    rows = (
        {"id": key, "create_date": moment, "stage_id": NEW, "category_id": category_id}
        for key, (moment, category_id) in enumerate(opened, start=1)
    )
    world.raw(client_id, "helpdesk_ticket", rows, read_at=READ_AT)
