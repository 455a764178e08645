"""What has grown beside Odoo's own ways: own code, traces of work around it, old reports, improvements put off.

What is planted stands under `drift` in `demo/truth.yml`. Not here: manual fields, models and views (`configuration`).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from demo.odoo.configuration import own_module
from demo.odoo.lifecycle import STAGE_NUMBERS
from demo.odoo.world import ADMIN_UID, World, stamps

CODE = "for record in records:\n    record.message_post(body='Please look')\n"
_QUARTER_DAYS = 91
_TRACES = ("imported records", "saved export", "spreadsheet", "entry")
_RECORDS_PER_IMPORT = 5
_PROJECT = 4


def add_custom(world: World) -> None:
    """Make everything; models, people and tasks must be there."""
    _add_module_fields(world)
    _add_code(world)
    _add_traces(world)
    _add_optimisations(world)
    _add_reports(world)


def _add_module_fields(world: World) -> None:
    extends = world.truth.drift.own_module.extends
    if extends is None:
        return
    module = own_module(world.client.client_id)
    field_id = world.rows.add(
        "ir_model_fields",
        {"name": f"{module}_note", "model": extends, "model_id": world.models[extends], "ttype": "char"}
        | {"state": "base", "store": True, "required": False, "readonly": False, "field_description": "Note"},
    )
    table = extends.replace(".", "_")
    at = world.installed_at
    world.add_external_id(f"{module}.field_{table}__{module}_note", "ir.model.fields", field_id, at=at)
    world.add_external_id(f"{module}.model_{table}", "ir.model", world.models[extends], at=at)


def _add_code(world: World) -> None:
    drift = world.truth.drift
    model_id = world.models["res.partner"]
    at = world.clock.days_ago(70, hour=14)
    for name in drift.server_actions:
        _add_action(world, name, at=at)
    for name in drift.automations:
        action_id = 0 if world.schema.major >= 17 else _add_action(world, name, at=at, usage="base_automation")
        automation_id = world.rows.add(
            "base_automation",
            {"active": True, "trigger": "on_create", **stamps(at, uid=ADMIN_UID)},
            where_present={"name": name, "model_id": model_id, "action_server_id": action_id},
        )
        if not action_id:
            _add_action(world, name, at=at, usage="base_automation", automation_id=automation_id)
    for name in drift.scheduled_jobs:
        action_id = _add_action(world, name, at=at, usage="ir_cron")
        world.rows.add(
            "ir_cron",
            {"cron_name": name, "active": True, "interval_number": 1, "interval_type": "days", "user_id": ADMIN_UID}
            | {"nextcall": world.clock.now + timedelta(hours=20), "lastcall": world.clock.now, "priority": 5}
            | {"ir_actions_server_id": action_id, **stamps(at, uid=ADMIN_UID)},
            where_present={"numbercall": -1, "doall": False, "failure_count": 0},
        )


def _add_action(
    world: World, name: str, *, at: datetime, usage: str = "ir_actions_server", automation_id: int | None = None
) -> int:
    return world.rows.add(
        "ir_act_server",
        {"name": name, "code": CODE, "usage": usage, "sequence": 5, "model_id": world.models["res.partner"]}
        | stamps(at, uid=ADMIN_UID),
        where_present={"base_automation_id": automation_id},
    )


def _add_traces(world: World) -> None:
    journal = {"name": "Miscellaneous", "code": "MISC", "type": "general", "active": True, "company_id": 1}
    journal_id = world.rows.add("account_journal", {**journal, **stamps(world.installed_at)})
    traces = world.truth.drift.traces
    days = [*range(1, traces.recent + 1), *range(_QUARTER_DAYS + 1, _QUARTER_DAYS + traces.earlier + 1)]
    for number, days_ago in enumerate(days):
        _add_trace(world, _TRACES[number % len(_TRACES)], days_ago, journal_id=journal_id)
    # A booking that names what it is for is no trace.
    _add_entry(world, world.clock.days_ago(5), journal_id=journal_id, ref="Depreciation October")


def _add_trace(world: World, kind: str, days_ago: int, *, journal_id: int) -> None:
    stamp = stamps(world.clock.days_ago(days_ago, hour=10), uid=ADMIN_UID)
    match kind:
        case "imported records":
            for number in range(_RECORDS_PER_IMPORT):
                xml_id = f"__import__.partner_{days_ago}_{number}"
                partner_id = world.customers[number]
                world.add_external_id(xml_id, "res.partner", partner_id, at=stamp["create_date"])
        case "saved export":
            world.rows.add("ir_exports", {"name": f"Price list {days_ago}", "resource": "product.template", **stamp})
        case "spreadsheet":
            world.rows.add(
                "ir_attachment",
                {"name": "CANARY-attachment.csv", "res_model": "res.partner", "res_id": world.customers[0]}
                | {"mimetype": "text/csv", "type": "binary", "file_size": 4_000 + days_ago, "company_id": 1, **stamp},
            )
        case _:
            _add_entry(world, stamp["create_date"], journal_id=journal_id, ref=None)


def _add_entry(world: World, at: datetime, *, journal_id: int, ref: str | None) -> None:
    world.rows.add(
        "account_move",
        {"name": f"MISC/{at:%Y/%m/%d}", "state": "posted", "move_type": "entry", "date": at.date(), "ref": ref}
        | {"journal_id": journal_id, "company_id": 1, "currency_id": 1, **stamps(at, uid=ADMIN_UID)},
    )


def _add_optimisations(world: World) -> None:
    planted = world.truth.drift.optimisations
    if planted is None:
        return
    tag_id = world.rows.add("project_tags", {"name": "Optimisation", **stamps(world.installed_at, uid=ADMIN_UID)})
    world.rows.add("project_tags", {"name": "Bug", **stamps(world.installed_at, uid=ADMIN_UID)})
    kinds = (("untouched", 250, planted.untouched), ("touched", 20, planted.touched), ("done", 300, planted.done))
    for kind, days_ago, count in kinds:
        for number in range(count):
            is_done = kind == "done"
            touched_at = world.clock.days_ago(days_ago + number, hour=16)
            task_id = world.rows.add(
                "project_task",
                {"name": f"Improve {kind} {number}", "active": True, "project_id": _PROJECT, "company_id": 1}
                | {"stage_id": STAGE_NUMBERS["done" if is_done else "progress"], "priority": "0"}
                | {"date_last_stage_update": touched_at, "date_end": touched_at if is_done else None}
                | stamps(world.clock.days_ago(400 + number), uid=ADMIN_UID, written_at=touched_at),
                where_present={
                    "kanban_state": "normal",
                    "state": "1_done" if is_done else "01_in_progress",
                    "is_closed": is_done,
                },
            )
            world.rows.add("project_tags_project_task_rel", {"project_task_id": task_id, "project_tags_id": tag_id})


def _add_reports(world: World) -> None:
    drift = world.truth.drift
    # Manual fields are at most 700 days old: behind an older report the model has changed.
    for count, days_ago in ((drift.old_reports, 800), (drift.fresh_reports, 60)):
        at = world.clock.days_ago(days_ago, hour=13)
        for number in range(count):
            if number % 2:
                values = {"name": f"Overdue {days_ago}", "model_id": "res.partner", "active": True, "is_default": False}
                world.rows.add("ir_filters", {**values, "domain": "[]", "context": "{}", **stamps(at, uid=ADMIN_UID)})
            else:
                values = {"name": f"Labels {days_ago}", "model": "res.partner", "report_type": "qweb-pdf"}
                named = {"report_name": f"labels_{days_ago}_{number}", **stamps(at, uid=ADMIN_UID)}
                world.rows.add("ir_act_report_xml", {**values, **named})
