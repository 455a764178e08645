"""Stages, teams, projects, the tasks that are no tickets, and timesheets. Not here: tickets."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from demo.odoo.lifecycle import CLOSED, STAGE_NAMES, STAGE_NUMBERS, Stage
from demo.odoo.tickets import CATEGORIES, TEAMS
from demo.odoo.world import ADMIN_UID, World, some_microseconds, stamps

PROJECTS = ("Internal", "Audit preparation", "Support", "Roll-out")
TASKS = (
    (1, "Staff meeting"),
    (1, "Training"),
    (2, "Audit preparation: access list"),
    (2, "Audit preparation: stock valuation"),
    (2, "Audit preparation: open items"),
    (4, "Roll-out: label printers"),
    (4, "Roll-out: new warehouse"),
    (4, "Roll-out: price lists"),
)
_TIMESHEET_WEEKS = 60


def add_stages_and_projects(world: World) -> None:
    """Make what tickets and tasks stand in; project 3 takes tickets where there is no helpdesk."""
    stamp = stamps(world.installed_at)
    for key, name in STAGE_NAMES.items():
        number, is_closed = STAGE_NUMBERS[key], key in CLOSED
        values = {"name": name, "sequence": number, "fold": is_closed, "active": True, **stamp}
        world.rows.add("project_task_type", values, where_present={"is_closed": is_closed})
        if world.schema.has("helpdesk_ticket_stage"):
            values |= {"closed": is_closed, "unattended": key == "new"}
            world.rows.add("helpdesk_ticket_stage", values)
    if world.schema.has("helpdesk_ticket_team"):
        for name in TEAMS:
            lead = world.agents[0].user_id
            world.rows.add(
                "helpdesk_ticket_team", {"name": name, "active": True, "user_id": lead, "company_id": 1, **stamp}
            )
    if world.schema.has("helpdesk_ticket_category"):
        for name in CATEGORIES:
            world.rows.add("helpdesk_ticket_category", {"name": name, "active": True, "company_id": 1, **stamp})
    for name in PROJECTS:
        world.rows.add("account_analytic_account", {"name": name, "active": True, "company_id": 1, **stamp})
        world.rows.add(
            "project_project",
            {"name": name, "active": True, "user_id": ADMIN_UID, "company_id": 1, **stamp},
            where_present={"partner_id": None, "access_token": f"CANARY-token-project-{name}"},
        )


def add_tasks_and_timesheets(world: World) -> None:
    """Make the tasks of the other projects, and who worked how long on what."""
    random = world.random("projects")
    first_id = world.rows.count("project_task") + 1
    for project_id, name in TASKS:
        _add_task(world, random, project_id, name)
    audit = [(first_id + index, task) for index, task in enumerate(TASKS) if task[1].startswith("Audit")]
    other = [(first_id + index, task) for index, task in enumerate(TASKS) if not task[1].startswith("Audit")]
    _add_audit_hours(world, random, [(task_id, project_id, name) for task_id, (project_id, name) in audit])
    _add_weekly_hours(world, random, [(task_id, project_id, name) for task_id, (project_id, name) in other])


def _add_task(world: World, random: Random, project_id: int, name: str) -> None:
    at = world.clock.days_ago(random.randint(200, 420), hour=10) + some_microseconds(random)
    stages: tuple[Stage, ...] = ("progress", "progress", "done")
    stage = random.choice(stages)
    is_closed = stage in CLOSED
    moved_at = (at + timedelta(days=20)).replace(microsecond=0)
    world.rows.add(
        "project_task",
        {"name": name, "active": True, "project_id": project_id, "stage_id": STAGE_NUMBERS[stage], "company_id": 1}
        | {"priority": "0", "date_last_stage_update": moved_at, "date_end": moved_at if is_closed else None}
        | {"access_token": f"CANARY-token-task-{name}", **stamps(at, uid=ADMIN_UID, written_at=moved_at)},
        where_present={
            "kanban_state": "normal",
            "state": "1_done" if is_closed else "01_in_progress",
            "is_closed": is_closed,
        },
    )


def _add_audit_hours(world: World, random: Random, tasks: list[tuple[int, int, str]]) -> None:
    quarters_left = round(world.truth.audit_preparation_hours * 4)
    while quarters_left:
        quarters = min(quarters_left, random.randint(2, 24))
        quarters_left -= quarters
        _add_line(world, random, random.choice(tasks), days_ago=random.randint(1, 300), hours=quarters / 4)


def _add_weekly_hours(world: World, random: Random, tasks: list[tuple[int, int, str]]) -> None:
    for week in range(_TIMESHEET_WEEKS, 0, -1):
        for _ in range(random.randint(2, 7)):
            days_ago = week * 7 - random.randrange(5)
            _add_line(world, random, random.choice(tasks), days_ago=days_ago, hours=random.randint(1, 32) / 4)


def _add_line(world: World, random: Random, task: tuple[int, int, str], *, days_ago: int, hours: float) -> None:
    task_id, project_id, name = task
    employee_id = random.randint(1, min(8, world.rows.count("hr_employee")))
    employee = world.rows.row("hr_employee", employee_id)
    on = world.clock.today - timedelta(days=days_ago)
    at = min(world.clock.at(on, 17) + some_microseconds(random), world.clock.now)
    world.rows.add(
        "account_analytic_line",
        {
            "name": name if random.random() < 0.8 else "/",
            "date": on,
            "unit_amount": hours,
            "amount": round(-32.5 * hours, 2),
        }
        | {"employee_id": employee_id, "user_id": employee["user_id"], "project_id": project_id, "task_id": task_id}
        | {
            "company_id": 1,
            "currency_id": 1,
            "account_id": project_id,
            **stamps(at, uid=employee["user_id"] or ADMIN_UID),
        },
    )
