"""Helpdesks that live on from night to night: random moves with a fixed seed, as readings would leave them in `raw`.

What a night changes is written here; that an incremental build of it equals one from scratch is `test_ticket_nights`.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from driftline import bookkeeping
from driftline.registry import load_registry

from tests.conftest import REPOSITORY
from tests.transform.world import DONE, NEW, STAGE_FIELD, STATE_FIELD, TASK_STAGE_FIELD, WAITING, World, at

FIRST = at("2026-09-27 02:00")
OFFICE = {day: ["09:00-17:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
CLIENTS = {
    "desk": {"timezone": "Europe/Athens", "tickets": {"source": "helpdesk"}, "business_hours": OFFICE},
    "zoned": {"timezone": "Pacific/Chatham", "tickets": {"source": "helpdesk"}},
    "sla": {"timezone": "Europe/Athens", "tickets": {"source": "helpdesk"}, "business_hours": OFFICE},
    "states": {"timezone": "America/Lima", "tickets": {"source": "project", "projects": [5]}},
    "stages": {"timezone": "UTC", "tickets": {"source": "project", "projects": [5]}, "business_hours": OFFICE},
    "guest": {"timezone": "UTC", "tickets": {"source": "shared"}, "business_hours": OFFICE},
    "firm": {"timezone": "UTC", "tickets": {"source": "helpdesk"}, "business_hours": OFFICE},
}
TASKS = ("states", "stages")
STAFF, COLLEAGUE, CUSTOMER, NOTE = 3, 4, 50, 2
AGENTS = {STAFF: 2, COLLEAGUE: 5}


class Nights:
    """One warehouse whose clients move on night by night."""

    def __init__(self, world: World, folder: Path, seed: int) -> None:
        self.world, self.folder = world, folder
        self.chance = random.Random(seed)
        self.number = -1
        self.as_of_at = FIRST
        self.clients: dict[str, Any] = {key: {"name": key, **value} for key, value in CLIENTS.items()}
        self.rules = yaml.safe_load((REPOSITORY / "config" / "policies" / "tickets.yml").read_text())
        self.rules["clients"] = {"desk": {"targets": [{"response_hours": 2, "resolution_hours": 24}]}}
        self.rules["shared_homes"] = {
            "firm": {
                "owners": [{"partner": 51, "client": "guest"}, {"tag": 7, "client": "desk"}],
                "mirror": {"pattern": r"\[(HT\d+)\]", "names": "number"},
            }
        }
        shutil.copytree(REPOSITORY / "config" / "policies", folder / "policies")
        world.settings = replace(world.settings, clients_file=folder / "clients.yml", policies_from=folder / "policies")
        self.declare()
        for client_id in self.clients:
            self._furnish(client_id)
            for _ in range(30):
                self.open(client_id, self.past(300 if client_id == "zoned" else 800))

    def declare(self) -> None:
        """Write clients and policies down as they are now, and register the clients as a night does."""
        (self.folder / "clients.yml").write_text(yaml.safe_dump({"clients": self.clients}))
        (self.folder / "policies" / "tickets.yml").write_text(yaml.safe_dump(self.rules))
        with self.world._connection.cursor() as cursor:
            bookkeeping.register_clients(cursor, load_registry(self.folder / "clients.yml"), now=FIRST)

    @property
    def read_at(self) -> datetime:
        return self.as_of_at + timedelta(minutes=15)

    @property
    def night_id(self) -> str:
        return f"night {self.number}"

    def begin(self, *, unread: tuple[str, ...] = (), days: int = 1) -> None:
        """Begin the next night; some clients may not be read in it."""
        self.number += 1
        self.as_of_at += timedelta(days=days if self.number else 0)
        self.world.night(self.night_id, self.as_of_at, list(self.clients))
        for client_id in self.clients:
            error = "no answer" if client_id in unread else None
            self.world.read(self.night_id, client_id, read_at=self.read_at, error=error)

    def past(self, days: int) -> datetime:
        return self.as_of_at - timedelta(seconds=self.chance.randrange(60, days * 86_400))

    def table(self, client_id: str) -> tuple[str, str]:
        return ("project_task", "project.task") if client_id in TASKS else ("helpdesk_ticket", "helpdesk.ticket")

    def some(self, client_id: str, count: int = 1) -> list[int]:
        table, _ = self.table(client_id)
        rows = self.world.rows(f"select id from raw.{table} where client_id = %s order by id", client_id)
        return self.chance.sample([key for (key,) in rows], count)

    def write(self, client_id: str, table: str, key: int, **values: object) -> None:
        """Change a row as a reading does: the values, and when it was read."""
        names = ", ".join(f"{name} = %s" for name in (*values, "_read_at", "_deleted_at"))
        stamps = (self.read_at, self.as_of_at if values.pop("gone", False) else None)
        names = ", ".join(f"{name} = %s" for name in (*values, "_read_at", "_deleted_at"))
        query = f"update raw.{table} set {names} where client_id = %s and id = %s returning 1"
        assert self.world.rows(query, *values.values(), *stamps, client_id, key)

    def add(self, client_id: str, table: str, **row: object) -> None:
        self.world.raw(client_id, table, [row], read_at=self.read_at)

    def open(self, client_id: str, moment: datetime) -> int:
        """Open a ticket and let it wander between stages up to now, answered on its way."""
        table, model = self.table(client_id)
        key = self.world.next_id(f"ticket of {client_id}") - 1000
        row: dict[str, object] = {"id": key, "create_date": moment, "stage_id": NEW, "partner_id": CUSTOMER + key % 3}
        if model == "project.task":
            row |= {"project_id": 5, "state": "01_in_progress" if client_id == "states" else None, "priority": "0"}
        else:
            title = f"again [HT{key}]" if client_id == "firm" and key % 7 == 0 else "no ink"
            row |= {"number": f"HT{key}", "name": title, "category_id": key % 3 + 1, "priority": str(key % 4)}
        self.add(client_id, table, **row)
        for _ in range(self.chance.choice([0, 1, 2, 3])):
            moment += timedelta(seconds=self.chance.choice([1, 7_200, 86_400 * self.chance.randrange(1, 60)]))
            if moment < self.as_of_at:
                self.move(client_id, key, moment)
                self.say(client_id, key, moment + timedelta(minutes=5))
        return key

    def move(self, client_id: str, key: int, moment: datetime, *, to: int | None = None) -> None:
        """Move a ticket to another stage, with the message that tells of it."""
        table, model = self.table(client_id)
        ((old,),) = self.world.rows(
            f"select stage_id from raw.{table} where client_id = %s and id = %s", client_id, key
        )
        new = to or self.chance.choice([stage for stage in (NEW, WAITING, DONE) if stage != old])
        values: dict[str, object] = {"stage_id": new}
        field = STAGE_FIELD if model == "helpdesk.ticket" else TASK_STAGE_FIELD
        if client_id == "states":
            values |= {"state": "1_done" if new == DONE else "01_in_progress", "date_last_stage_update": moment}
            field = STATE_FIELD
        elif client_id == "stages":
            values |= {"is_closed": new == DONE}
        self.write(client_id, table, key, **values)
        self.say(client_id, key, moment, change=(field, old, new))

    def say(self, client_id: str, key: int, moment: datetime, *, change: tuple[int, int, int] | None = None) -> int:
        number = self.world.next_id("message")
        author = self.chance.choice([STAFF, STAFF, COLLEAGUE, CUSTOMER, CUSTOMER + 1, None])
        kind, subtype = ("notification", NOTE) if change else ("comment", self.chance.choice([1, 1, NOTE]))
        message = {"id": number, "model": self.table(client_id)[1], "res_id": key, "date": moment}
        self.add(client_id, "mail_message", **message, author_id=author, message_type=kind, subtype_id=subtype)
        if change:
            tracked = {"field_id": change[0], "old_value_integer": change[1], "new_value_integer": change[2]}
            self.add(client_id, "mail_tracking_value", id=number, mail_message_id=number, create_date=moment, **tracked)
        return number

    def _furnish(self, client_id: str) -> None:
        self.world.basics(client_id, read_at=self.read_at)
        for table in ("helpdesk_ticket_stage", "project_task_type"):
            for key, name in {NEW: "New", WAITING: "Waiting", DONE: "Done"}.items():
                self.write(client_id, table, key, name=name)
        for partner, user in AGENTS.items():
            self.add(client_id, "res_users", id=user, partner_id=partner, share=partner != STAFF, active=True)
        for partner in (STAFF, COLLEAGUE, CUSTOMER, CUSTOMER + 1, CUSTOMER + 2):
            self.add(
                client_id, "res_partner", id=partner, commercial_partner_id=partner, email_hash=f"sha256:{partner}"
            )
        note = {"id": 1, "module": "mail", "name": "mt_note", "model": "mail.message.subtype", "res_id": NOTE}
        self.add(client_id, "ir_model_data", **note)
        for key in (1, 2, 3):
            self.add(client_id, "helpdesk_ticket_category", id=key, name=f"category {key}")
        if client_id == "zoned":
            self.add(client_id, "res_company", id=1, resource_calendar_id=1)
            self.add(client_id, "resource_calendar", id=1, tz="Pacific/Chatham")
            for day in range(5):
                hours = {"id": day + 1, "calendar_id": 1, "dayofweek": str(day), "hour_from": 8.5, "hour_to": 16.0}
                self.add(client_id, "resource_calendar_attendance", **hours, day_period="morning")


def everyday(nights: Nights) -> None:
    """What happens in any night: tickets, answers, moves of today, of long ago and of the minutes after the night."""
    for client_id in nights.clients:
        nights.open(client_id, nights.past(1))
        for key in nights.some(client_id, 2):
            nights.move(client_id, key, nights.past(1))
        for key in nights.some(client_id, 2):
            nights.say(client_id, key, nights.past(400))
    client_id = nights.chance.choice(list(nights.clients))
    nights.open(client_id, nights.as_of_at + timedelta(minutes=4))
    nights.move(client_id, nights.some(client_id)[0], nights.as_of_at + timedelta(minutes=5))
    late = nights.chance.choice(list(nights.clients))
    nights.move(late, nights.some(late)[0], nights.past(600))


def _message_moved(nights: Nights) -> None:
    """Answers and tracked changes, to tickets that were opened long ago and to others."""
    rows = nights.world.rows(
        "select client_id, id from raw.mail_message where author_id = %s and (client_id = 'desk' and subtype_id = 2"
        " or client_id = 'zoned' and subtype_id = 1) and res_id %% 4 = 0 order by id", STAFF
    )  # fmt: skip
    for client_id, message in rows:
        nights.write(client_id, "mail_message", message, res_id=nights.some(client_id)[0])


def _tracked_value_corrected(nights: Nights) -> None:
    ((number,),) = nights.world.rows("select min(id) from raw.mail_tracking_value where client_id = 'sla'")
    nights.write("sla", "mail_tracking_value", number, new_value_integer=DONE)


def _deleted(nights: Nights) -> None:
    for client_id in nights.clients:
        for key in nights.some(client_id):
            nights.write(client_id, nights.table(client_id)[0], key, gone=True)


def _merged(nights: Nights) -> None:
    one, other = nights.some("desk", 2)
    nights.write("desk", "helpdesk_ticket", one, duplicate_id=other)
    nights.move("desk", one, nights.past(1), to=DONE)


def _reopened(nights: Nights) -> None:
    for client_id in nights.clients:
        table, _ = nights.table(client_id)
        closed = nights.world.rows(
            f"select min(id) from raw.{table} where client_id = %s and stage_id = %s", client_id, DONE
        )[0][0]
        nights.move(client_id, closed, nights.past(1), to=NEW)


def _category_renamed(nights: Nights) -> None:
    nights.write("desk", "helpdesk_ticket_category", 2, name="Printers")


def _category_changed(nights: Nights) -> None:
    for key in nights.some("zoned", 3):
        nights.write("zoned", "helpdesk_ticket", key, category_id=1)


def _stage_closes(nights: Nights) -> None:
    nights.write("desk", "helpdesk_ticket_stage", WAITING, closed=True)
    nights.write("stages", "project_task_type", WAITING, fold=True)


def _staff_joined(nights: Nights) -> None:
    for client_id in ("desk", "states", "firm"):
        nights.write(client_id, "res_users", AGENTS[COLLEAGUE], share=False)


def _policy_changed(nights: Nights) -> None:
    nights.rules["clients"]["zoned"] = {"targets": [{"response_hours": 8, "clock": "calendar"}], "requester": "plain"}
    nights.declare()


def _policy_revoked(nights: Nights) -> None:
    del nights.rules["clients"]["zoned"]
    nights.declare()


def _mapping_changed(nights: Nights) -> None:
    nights.rules["shared_homes"]["firm"]["owners"] = [
        {"partner": 50, "client": "guest"},
        {"partner": 51, "client": "sla"},
    ]
    nights.declare()


def _mapped_elsewhere(nights: Nights) -> None:
    for key in nights.some("firm", 4):
        nights.write("firm", "helpdesk_ticket", key, partner_id=51)
    tag = {"helpdesk_ticket_id": nights.some("firm")[0], "helpdesk_ticket_tag_id": 7}
    nights.add("firm", "helpdesk_ticket_helpdesk_ticket_tag_rel", **tag)


def _hours_changed(nights: Nights) -> None:
    nights.clients["desk"]["business_hours"] = {**OFFICE, "friday": ["09:00-13:00"], "holidays": ["2026-09-21"]}
    off = {"date_from": at("2026-05-03 20:00"), "date_to": at("2026-05-05 20:00")}
    nights.add("zoned", "resource_calendar_leaves", id=1, calendar_id=1, **off)
    nights.declare()


def _zone_changed(nights: Nights) -> None:
    nights.clients["stages"]["timezone"] = "Asia/Kolkata"
    nights.declare()


def _left_the_project(nights: Nights) -> None:
    for client_id in TASKS:
        nights.write(client_id, "project_task", nights.some(client_id)[0], project_id=6)


def _priority_and_requester(nights: Nights) -> None:
    nights.write("desk", "helpdesk_ticket", nights.some("desk")[0], priority="3")
    nights.write("desk", "res_partner", CUSTOMER, email_hash="sha256:other")


def _odoo_sla(nights: Nights) -> None:
    for number, key in enumerate(nights.some("sla", 6), start=nights.number * 10):
        deadline = nights.as_of_at + timedelta(hours=nights.chance.randrange(-90, 60))
        reached = nights.chance.choice([None, None, deadline - timedelta(hours=1), deadline + timedelta(hours=1)])
        status = {"id": number, "ticket_id": key, "sla_id": 1, "deadline": deadline, "reached_datetime": reached}
        nights.add("sla", "helpdesk_sla_status", **status)


def _time_booked(nights: Nights) -> None:
    for number, key in enumerate(nights.some("desk", 3), start=nights.number * 10):
        line = {"id": number, "date": nights.past(30).date(), "unit_amount": 0.5, "ticket_id": key}
        nights.add("desk", "account_analytic_line", **line)


def _client_left(nights: Nights) -> None:
    del nights.clients["stages"]
    nights.declare()


MOVES: dict[str, Callable[[Nights], None]] = {
    name.removeprefix("_"): move for name, move in list(globals().items()) if name.startswith("_") and callable(move)
}
