"""Tickets as rows: in helpdesk_ticket, or in project_task where a client has no helpdesk. Not here: when they move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from driftline.registry import Client

from demo.odoo.discuss import Author, TrackedChange, post, track
from demo.odoo.lifecycle import CLOSED, STAGE_NAMES, STAGE_NUMBERS, Stage, Story, tell_stories
from demo.odoo.rows import Sink
from demo.odoo.texts import ODD_TEXTS, SUBJECTS
from demo.odoo.world import ROOT_UID, Person, World, stamps

TEAMS = ("Support", "Sales", "Technical")
CATEGORIES = ("Question", "Fault", "Change", "Access", "Training")
# In the first weeks the chatter was kept elsewhere and brought in later: its dates are months before its creation.
_ARCHIVE_DAYS, _BROUGHT_IN_AFTER = 21, timedelta(days=70)


@dataclass(frozen=True)
class TicketTable:
    """Which table holds a client's tickets, and how."""

    table: Literal["helpdesk_ticket", "project_task"]
    model: Literal["helpdesk.ticket", "project.task"]
    project_id: int | None
    stage_field: int
    user_field: int

    def opening(self, *, number: int, subject: str, at: datetime, partner_id: int, priority: str) -> dict[str, Any]:
        """Give what a new ticket's row says, but for stage and stamps."""
        second = _cut(at)
        values: dict[str, Any] = {"name": subject, "active": True, "company_id": 1, "partner_id": partner_id}
        values |= {"kanban_state": "normal", "description": f"<p>CANARY-description {number}</p>"}
        values |= {"access_token": f"CANARY-token-{self.table}-{number}"}
        if self.project_id is None:
            team_id, category_id = 1 + number % len(TEAMS), 1 + number % len(CATEGORIES)
            return values | {
                "number": f"HT{number:05}", "priority": priority, "team_id": team_id, "category_id": category_id,
                "last_stage_update": second, "partner_email": f"CANARY-mail-{number}",
            }  # fmt: skip
        # Tasks know two priorities only.
        return values | {
            "priority": "1" if priority in ("2", "3") else "0",
            "project_id": self.project_id,
            "date_last_stage_update": second,
        }

    def assigned(self, user_id: int, at: datetime | None) -> dict[str, Any]:
        """Give the columns that an assignment writes."""
        column = "assigned_date" if self.project_id is None else "date_assign"
        return {"user_id": user_id, column: _cut(at) if at else None}

    def staged(self, stage: Stage, at: datetime) -> dict[str, Any]:
        """Give the columns that a move to a stage writes: reopening keeps helpdesk's closing date, not a task's."""
        second = _cut(at)
        values: dict[str, Any] = {"stage_id": STAGE_NUMBERS[stage]}
        if self.project_id is None:
            values |= {"last_stage_update": second, "unattended": stage == "new"}
            return values | ({"closed_date": second} if stage in CLOSED else {})
        return values | {"date_last_stage_update": second, "date_end": second if stage in CLOSED else None}

    def stage_change(self, old: Stage, new: Stage) -> TrackedChange:
        """Give a move as the chatter tracks it."""
        numbers, names = STAGE_NUMBERS, STAGE_NAMES
        return TrackedChange(self.stage_field, "Stage", numbers[old], numbers[new], names[old], names[new])


def _cut(at: datetime) -> datetime:
    # What Odoo's code sets has whole seconds; only create_date and write_date have more.
    return at.replace(microsecond=0)


def ticket_table(world: World) -> TicketTable:
    """Find where the client's tickets go."""
    fields = world.tracked_fields
    model = "project.task" if world.client.tickets.projects else "helpdesk.ticket"
    return make_ticket_table(
        world.client, stage_field=fields[(model, "stage_id")], user_field=fields[(model, "user_id")]
    )


def make_ticket_table(client: Client, *, stage_field: int, user_field: int) -> TicketTable:
    """Put together where a client's tickets lie and which ir_model_fields rows track them."""
    if client.tickets.projects:
        return TicketTable("project_task", "project.task", client.tickets.projects[0], stage_field, user_field)
    return TicketTable("helpdesk_ticket", "helpdesk.ticket", None, stage_field, user_field)


def add_tickets(world: World) -> None:
    """Make all tickets with their chatter; message ids go with time, as a living database's do."""
    table = ticket_table(world)
    random = world.random("tickets")
    stories = tell_stories(world.truth.tickets, world.clock, random, agent_count=len(world.agents))
    happenings: list[tuple[datetime, int, _Happening]] = []
    for story in stories:
        customer = random.choice(world.customers)
        row_id = _add_row(world, table, story, customer)
        happenings += [(event.at, row_id, event) for event in _happenings(world, table, story, customer)]
    for _, row_id, event in sorted(happenings, key=lambda item: (item[0], item[1], item[2].order)):
        event.write(world.rows, table.model, row_id)


def open_ticket(sink: Sink, table: TicketTable, *, number: int, at: datetime, partner_id: int) -> int:
    """Add one ticket that came by mail just now."""
    values = table.opening(number=number, subject=subject(number), at=at, partner_id=partner_id, priority="1")
    where_present = {"sequence": 10} | _partner_where_present(partner_id)
    values |= table.staged("new", at) | stamps(at)
    row_id = sink.add(table.table, values, where_present=where_present)
    post(sink, table.model, row_id, at=at, author=Author(ROOT_UID, partner_id), kind="email")
    return row_id


def subject(number: int) -> str:
    """Give the title of a ticket; the first ones are odd on purpose."""
    return ODD_TEXTS[number - 1] if number <= len(ODD_TEXTS) else f"{SUBJECTS[number % len(SUBJECTS)]} ({number})"


@dataclass(frozen=True)
class _Happening:
    """One thing in the chatter."""

    at: datetime
    order: int
    author: Author
    kind: Literal["comment", "email", "email_outgoing", "notification"]
    changes: tuple[TrackedChange, ...]
    stored_at: datetime | None

    def write(self, sink: Sink, model: str, row_id: int) -> None:
        if self.changes:
            changes = list(self.changes)
            track(sink, model, row_id, changes, at=self.at, author=self.author, stored_at=self.stored_at)
        else:
            post(sink, model, row_id, at=self.at, author=self.author, kind=self.kind, stored_at=self.stored_at)


def _add_row(world: World, table: TicketTable, story: Story, customer: int) -> int:
    number = world.rows.count(table.table) + 1
    agent = world.agents[story.agent]
    values = table.opening(
        number=number, subject=subject(number), at=story.opened_at, partner_id=customer, priority=story.priority
    )
    values["stage_id"] = STAGE_NUMBERS[story.first_stage]
    if story.assigned_at:
        values |= table.assigned(agent.user_id, None if story.lacks_assigned_date else story.assigned_at)
    for move in story.moves:
        values |= table.staged(move.new, move.at)
    if story.lacks_closed_date:
        values["closed_date" if table.project_id is None else "date_end"] = None
    values["active"] = not story.is_archived
    values |= stamps(story.opened_at, written_at=story.last_at, written_by=agent.user_id if story.moves else ROOT_UID)
    where_present = {"sequence": 10, **_partner_where_present(customer)}
    return world.rows.add(table.table, values, where_present=where_present)


def _partner_where_present(partner_id: int) -> dict[str, Any]:
    return {"partner_name": f"CANARY-name-{partner_id}", "channel_id": 1}


def _happenings(world: World, table: TicketTable, story: Story, customer: int) -> Iterator[_Happening]:
    agent, outside = _author(world.agents[story.agent]), Author(ROOT_UID, customer)
    is_archive = story.opened_at < world.clock.at(world.clock.first_monday + timedelta(days=_ARCHIVE_DAYS), 0)

    def happening(at: datetime, order: int, author: Author, kind: Any, *changes: TrackedChange) -> _Happening:
        return _Happening(at, order, author, kind, changes, at + _BROUGHT_IN_AFTER if is_archive else None)

    yield happening(story.opened_at, 0, outside, "email" if story.moves else "comment")
    if story.assigned_at:
        name = world.agents[story.agent].login
        assignment = TrackedChange(table.user_field, "Assigned user", None, agent.user_id, "", name)
        yield happening(story.assigned_at, 1, agent, "notification", assignment)
    for at, is_staff in story.comments:
        yield happening(at, 2, agent if is_staff else outside, "comment" if is_staff else "email")
    for order, move in enumerate(story.moves, start=3):
        yield happening(move.at, order, agent, "notification", table.stage_change(move.old, move.new))
        if move.new == "done":
            yield happening(move.at, order, agent, "email_outgoing")


def _author(person: Person) -> Author:
    return Author(person.user_id, person.partner_id)
