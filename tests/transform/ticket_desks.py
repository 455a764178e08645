"""Helpdesks with messages, stages, business hours and promises, for one build; the tests say what is known of them."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import yaml
from driftline import bookkeeping
from driftline.registry import load_registry

from tests.conftest import REPOSITORY
from tests.transform.world import DONE, NEW, STAGE_FIELD, WAITING, World, at

AS_OF = at("2026-10-07 02:00")
READ_AT = at("2026-10-07 02:15")
CANCELLED, REJECTED, ASSIGNEE_FIELD, NOTE = 5, 6, 903, 2
BOT, STAFF, CUSTOMER = 2, 3, 50

WEEK = {day: ["08:30-12:00", "13:00-17:15"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
ROUND_THE_CLOCK = {
    day: ["00:00-24:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
}
OFFICE = {day: ["09:00-17:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
# Client -> time zone and declared hours; chatham takes those of its Odoo.
HOURS = {
    "athens": ("Europe/Athens", {**WEEK, "holidays": ["2026-03-25", "2026-04-13", "2025-12-25"]}),
    "always": ("Europe/Athens", {**ROUND_THE_CLOCK, "holidays": ["2026-01-01"]}),
    "kolkata": (
        "Asia/Kolkata",
        {**ROUND_THE_CLOCK, "saturday": [], "sunday": ["00:00-09:00"], "holidays": ["2026-08-15"]},
    ),
    "lordhowe": ("Australia/Lord_Howe", {**WEEK, "sunday": ["01:00-03:30"]}),
    "chatham": ("Pacific/Chatham", None),
    "sla": ("Europe/Athens", OFFICE),
    "cases": ("Europe/Athens", OFFICE),
    "owned": ("Europe/Athens", OFFICE),
    "enterprise": ("UTC", OFFICE),
    "firm": ("UTC", OFFICE),
}
SAMPLED = ("athens", "always", "kolkata", "lordhowe", "chatham")

POLICY_CLIENTS = {
    "sla": {
        "targets": [
            {"until": "2026-08-31", "clock": "calendar", "resolution_hours": 24},
            {"priority": "3", "response_hours": 1, "resolution_hours": 4},
            {"response_hours": 2, "resolution_hours": 8},
        ]
    },
    "owned": {"requester": "plain"},
}
SHARED_HOMES = {
    "firm": {
        "owners": [
            {"partner": 50, "client": "owned"},
            {"team": 4, "client": "owned"},
            {"tag": 7, "client": "cases"},
            {"partner": 60, "client": "cases"},
        ],
        "mirror": {"pattern": r"\[(HT\d+)\]", "names": "number"},
    }
}


def configure(world: World, folder: Path) -> None:
    """Declare clients and policies as files, and register the clients as a night does."""
    clients = {}
    for client_id, (zone, hours) in HOURS.items():
        source = "shared" if client_id == "owned" else "helpdesk"
        clients[client_id] = {"name": client_id, "timezone": zone, "tickets": {"source": source}}
        if hours:
            clients[client_id]["business_hours"] = hours
    (folder / "clients.yml").write_text(yaml.safe_dump({"clients": clients}))
    policies = folder / "policies"
    shutil.copytree(REPOSITORY / "config" / "policies", policies)
    rules = yaml.safe_load((policies / "tickets.yml").read_text())
    rules |= {"clients": POLICY_CLIENTS, "shared_homes": SHARED_HOMES}
    (policies / "tickets.yml").write_text(yaml.safe_dump(rules))
    world.settings = replace(world.settings, clients_file=folder / "clients.yml", policies_from=policies)
    with world._connection.cursor() as cursor:
        bookkeeping.register_clients(cursor, load_registry(folder / "clients.yml"), now=AS_OF)


def desk(world: World, client_id: str) -> None:
    """What every helpdesk here has: stages with names, staff, OdooBot, a customer, the subtype of notes."""
    world.basics(client_id, read_at=READ_AT)
    names = {NEW: "New", WAITING: "Awaiting customer", DONE: "Done"}
    for key, name in names.items():
        world.rows(
            "update raw.helpdesk_ticket_stage set name = %s where client_id = %s and id = %s", name, client_id, key
        )
    more = [
        {"id": CANCELLED, "name": "Cancelled", "closed": True},
        {"id": REJECTED, "name": "Rejected", "closed": True},
    ]
    world.raw(client_id, "helpdesk_ticket_stage", more, read_at=READ_AT)
    users = [
        {"id": 1, "partner_id": BOT, "share": False, "active": False},
        {"id": 2, "partner_id": STAFF, "share": False, "active": True},
        {"id": 9, "partner_id": CUSTOMER, "share": True, "active": True},
    ]
    world.raw(client_id, "res_users", users, read_at=READ_AT)
    note = {"id": 1, "module": "mail", "name": "mt_note", "model": "mail.message.subtype", "res_id": NOTE}
    world.raw(client_id, "ir_model_data", [note], read_at=READ_AT)


def say(
    world: World,
    client_id: str,
    ticket_id: int,
    moment: datetime,
    *,
    author: int = STAFF,
    kind: str = "comment",
    subtype: int = 1,
    internal: bool | None = None,
    field: int | None = None,
    change: tuple[int | None, int] | None = None,
) -> None:
    """Write one message; with a change it is the notification that tracks it."""
    number = world.next_id("message")
    message = {
        "id": number,
        "model": "helpdesk.ticket",
        "res_id": ticket_id,
        "date": moment,
        "author_id": author,
        "message_type": "notification" if change else kind,
        "subtype_id": NOTE if change else subtype,
        "is_internal": internal,
    }
    world.raw(client_id, "mail_message", [message], read_at=READ_AT)
    if change:
        value = {
            "id": number,
            "field_id": field or STAGE_FIELD,
            "mail_message_id": number,
            "create_date": READ_AT,
            "old_value_integer": change[0],
            "new_value_integer": change[1],
        }
        world.raw(client_id, "mail_tracking_value", [value], read_at=READ_AT)


def ticket(
    world: World, client_id: str, ticket_id: int, opened_at: datetime, *, stage: int = NEW, **values: object
) -> None:
    row = {
        "id": ticket_id,
        "number": f"HT{ticket_id}",
        "create_date": opened_at,
        "stage_id": stage,
        "partner_id": CUSTOMER,
    }
    world.raw(client_id, "helpdesk_ticket", [{**row, **values}], read_at=READ_AT)


def plant_samples(world: World, count: int = 60) -> None:
    """Random tickets, answered and closed at whole minutes, so that counting minutes gives their hours."""
    for seed, client_id in enumerate(SAMPLED):
        desk(world, client_id)
        chance = random.Random(seed)
        for key in range(1, count + 1):
            opened = at("2025-09-20 00:00") + timedelta(minutes=chance.randrange(375 * 1440))
            answered = opened + timedelta(minutes=chance.choice([0, 5, 90, 1_000, 6_000]) + chance.randrange(1_000))
            closed = min(answered + timedelta(minutes=chance.randrange(40_000)), AS_OF - timedelta(minutes=1))
            ticket(world, client_id, key, opened, stage=DONE)
            say(world, client_id, key, answered)
            say(world, client_id, key, closed, change=(NEW, DONE))
    spans = [
        {
            "id": 10 * day + half,
            "calendar_id": 1,
            "dayofweek": str(day),
            "hour_from": start,
            "hour_to": end,
            "day_period": period,
            "display_type": None,
            "resource_id": None,
        }
        for day in range(6)
        for half, (start, end, period) in enumerate(
            [(7.5, 12, "morning"), (12, 12.5, "lunch"), (12.5, 15.75, "afternoon")]
        )
    ]
    world.raw("chatham", "resource_calendar_attendance", spans, read_at=READ_AT)
    world.raw("chatham", "resource_calendar", [{"id": 1, "tz": "Pacific/Chatham"}], read_at=READ_AT)
    world.raw("chatham", "res_company", [{"id": 1, "resource_calendar_id": 1}], read_at=READ_AT)
    time_off = {
        "calendar_id": None,
        "resource_id": None,
        "date_from": at("2026-02-05 11:15"),
        "date_to": at("2026-02-06 11:15"),
    }
    one_persons = {**time_off, "resource_id": 4, "date_from": at("2026-01-01 11:15")}
    world.raw("chatham", "resource_calendar_leaves", [{"id": 1, **time_off}, {"id": 2, **one_persons}], read_at=READ_AT)
    # Kolkata's fifteenth of August begins at 18:30 UTC of the fourteenth.
    ticket(world, "kolkata", 1001, at("2026-08-14 18:30"), stage=DONE)
    say(world, "kolkata", 1001, at("2026-08-14 18:31"))
    say(world, "kolkata", 1001, at("2026-08-16 18:31"), change=(NEW, DONE))


def plant_cases(world: World) -> None:
    desk(world, "cases")
    opened = at("2026-09-21 06:00")  # a Monday, nine o'clock in Athens
    # 1: everything that is no answer, then the answer.
    ticket(world, "cases", 1, opened, category_id=1)
    say(world, "cases", 1, at("2026-09-21 06:10"), author=CUSTOMER, kind="email")
    say(world, "cases", 1, at("2026-09-21 06:20"), subtype=NOTE)
    say(world, "cases", 1, at("2026-09-21 06:21"), internal=True)
    say(world, "cases", 1, at("2026-09-21 06:22"), kind="auto_comment")
    say(world, "cases", 1, at("2026-09-21 06:23"), kind="email_outgoing")
    say(world, "cases", 1, at("2026-09-21 06:24"), author=BOT)
    say(world, "cases", 1, at("2026-09-21 06:30"), author=BOT, field=ASSIGNEE_FIELD, change=(None, 2))
    say(world, "cases", 1, at("2026-09-21 06:40"), field=ASSIGNEE_FIELD, change=(None, 2))
    say(world, "cases", 1, at("2026-09-21 07:30"))
    say(world, "cases", 1, at("2026-09-21 08:30"))
    # 2: closed before it was opened.
    ticket(world, "cases", 2, opened, stage=DONE)
    say(world, "cases", 2, at("2026-09-01 08:00"), change=(NEW, DONE))
    # 3: cancelled; 4: merged into 1; 5: rejected.
    for key, stage in ((3, CANCELLED), (4, DONE), (5, REJECTED)):
        ticket(world, "cases", key, opened, stage=stage, duplicate_id=1 if key == 4 else None)
        say(world, "cases", key, at("2026-09-22 07:00"), change=(NEW, stage))
    # 6: done, reopened in the next quarter, done again; all of the second closing in one second.
    ticket(world, "cases", 6, opened, stage=DONE)
    say(world, "cases", 6, at("2026-09-21 08:00"))
    say(world, "cases", 6, at("2026-09-21 09:00"), change=(NEW, DONE))
    say(world, "cases", 6, at("2026-10-01 06:00"), change=(DONE, NEW))
    for old, new in ((NEW, DONE), (DONE, NEW), (NEW, DONE)):
        say(world, "cases", 6, at("2026-10-02 07:00"), change=(old, new))
    # 7: closed, and nothing was tracked; 8: answered once and done.
    ticket(world, "cases", 7, opened, stage=DONE, closed_date=at("2026-09-23 08:00"))
    ticket(world, "cases", 8, opened, stage=DONE)
    say(world, "cases", 8, at("2026-09-21 07:00"))
    say(world, "cases", 8, at("2026-09-21 07:30"), change=(NEW, DONE))
    world.raw("cases", "helpdesk_ticket_category", [{"id": 1, "name": " Faults "}], read_at=READ_AT)
    hours = [
        {"id": 1, "date": at("2026-09-22 00:00").date(), "unit_amount": 1.5, "ticket_id": 1},
        {"id": 2, "date": at("2026-10-02 00:00").date(), "unit_amount": 0.5, "ticket_id": 1},
        {"id": 3, "date": at("2026-09-22 00:00").date(), "unit_amount": 9, "ticket_id": None},
    ]
    world.raw("cases", "account_analytic_line", hours, read_at=READ_AT)
    linked = {"client_id": "cases", "model": "account.analytic.line", "field": "ticket_id", "is_present": True}
    world.put("ops.field_coverage", [{**linked, "odoo_version": "17.0", "checked_at": READ_AT}])
    world.put(
        "ops.field_coverage",
        [{**linked, "client_id": "sla", "is_present": False, "odoo_version": "17.0", "checked_at": READ_AT}],
    )


def plant_sla(world: World) -> None:
    desk(world, "sla")
    deadline = {"sla_deadline": at("2026-09-21 15:00"), "sla_expired": True}
    ticket(world, "sla", 1, at("2026-09-21 06:00"), stage=DONE, **deadline)
    say(world, "sla", 1, at("2026-09-21 07:00"))
    say(world, "sla", 1, at("2026-09-22 08:00"), change=(NEW, DONE))
    ticket(world, "sla", 2, at("2026-09-21 06:00"), stage=DONE)
    for moment, old, new in (("21 08:00", NEW, WAITING), ("23 06:00", WAITING, NEW), ("23 10:00", NEW, DONE)):
        say(world, "sla", 2, at(f"2026-09-{moment}"), change=(old, new))
    ticket(world, "sla", 3, at("2026-10-06 13:00"), priority="3")
    ticket(world, "sla", 4, at("2026-10-05 06:00"))
    ticket(world, "sla", 5, at("2026-09-21 06:00"), stage=CANCELLED)
    say(world, "sla", 5, at("2026-09-21 06:30"), change=(NEW, CANCELLED))
    ticket(world, "sla", 6, at("2026-08-28 10:00"), stage=DONE)
    say(world, "sla", 6, at("2026-08-29 11:00"), change=(NEW, DONE))
    # 7: began to wait after the target was used up: its deadline stays.
    ticket(world, "sla", 7, at("2026-09-21 06:00"), stage=DONE)
    for moment, old, new in (("22 08:00", NEW, WAITING), ("23 06:00", WAITING, NEW), ("23 08:00", NEW, DONE)):
        say(world, "sla", 7, at(f"2026-09-{moment}"), change=(old, new))


def plant_homes(world: World) -> None:
    world.raw(
        "enterprise",
        "ir_model_fields",
        [{"id": STAGE_FIELD, "model": "helpdesk.ticket", "name": "stage_id"}],
        read_at=READ_AT,
    )
    stages = [
        {"id": NEW, "name": "New", "fold": None},
        {"id": DONE, "name": "Solved", "fold": True},
        {"id": 7, "name": "Merged into another", "fold": True},
    ]
    world.raw("enterprise", "helpdesk_stage", stages, read_at=READ_AT)
    world.raw("enterprise", "helpdesk_ticket_type", [{"id": 1, "name": "Question"}], read_at=READ_AT)
    row = {"ticket_ref": "00017", "ticket_type_id": 1, "create_date": at("2026-09-21 09:00"), "close_date": None}
    rows = [
        {**row, "id": 1, "stage_id": DONE, "close_date": at("2026-09-22 10:00")},
        {**row, "id": 2, "stage_id": NEW},
        {**row, "id": 3, "stage_id": 7, "close_date": at("2026-09-22 10:00")},
    ]
    world.raw("enterprise", "helpdesk_ticket", rows, read_at=READ_AT)
    desk(world, "firm")
    partners = [
        {"id": 50, "commercial_partner_id": 50, "email_hash": None},
        {"id": 51, "commercial_partner_id": 50, "email_hash": "sha256:abc"},
        {"id": 60, "commercial_partner_id": 60, "email_hash": None},
        {"id": 70, "commercial_partner_id": 70, "email_hash": None},
    ]
    world.raw("firm", "res_partner", partners, read_at=READ_AT)
    opened = at("2026-09-21 09:00")
    common = {"name": "Printer", "team_id": None}
    for key, values in {
        1: {"partner_id": 51},
        2: {"partner_id": 70, "team_id": 4},
        3: {"partner_id": 70},
        4: {"partner_id": 70},
        5: {"partner_id": 60, "name": "Again: [HT6]"},
        6: {"partner_id": 60, "name": "[HT999] of another system"},
    }.items():
        ticket(world, "firm", key, opened + timedelta(days=key), **{**common, **values})
    world.raw(
        "firm",
        "helpdesk_ticket_helpdesk_ticket_tag_rel",
        [{"helpdesk_ticket_id": 3, "helpdesk_ticket_tag_id": 7}],
        read_at=READ_AT,
    )


def plant(world: World, folder: Path) -> None:
    configure(world, folder)
    plant_samples(world)
    plant_cases(world)
    plant_sla(world)
    plant_homes(world)
    world.night("night of desks", AS_OF, list(HOURS))
    for client_id in HOURS:
        world.read("night of desks", client_id, read_at=READ_AT)
