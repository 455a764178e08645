"""One function per kind of planted change, each leaving what Odoo would leave.

Odoo stamps the record that was edited and nothing else: a membership has no stamps, the lists of models and fields have
none, and a deletion leaves nothing. Not here: what is planted (`demo/truth.yml`) and when (`night_two`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from demo.odoo import truth
from demo.odoo.configuration import add_manual_field, architecture
from demo.odoo.discuss import track
from demo.odoo.evening import Evening
from demo.odoo.lifecycle import STAGE_NUMBERS, Stage
from demo.odoo.people import NewUser, add_partner, add_user
from demo.odoo.tickets import open_ticket
from demo.odoo.world import ADMIN_UID, ROOT_UID, stamps

_STAGES: dict[int, Stage] = {number: stage for stage, number in STAGE_NUMBERS.items()}


def apply(evening: Evening, change: truth.Change) -> str:
    """Apply one change and say in a line what was done."""
    return _FUNCTIONS[change.change](evening, change)


def _module_installed(evening: Evening, change: truth.ModuleInstalled) -> str:
    values = {"state": "installed", "latest_version": change.version}
    evening.write("ir_module_module", evening.module(change.module), values, uid=ROOT_UID)
    model = f"{change.module}.request"
    named = {"model": model, "name": f"{change.module.title()} Request", "state": "base", "transient": False}
    model_id = evening.sink.add("ir_model", named)
    xml_id = {
        "module": change.module,
        "name": f"model_{change.module}_request",
        "model": "ir.model",
        "res_id": model_id,
    }
    evening.sink.add("ir_model_data", {**xml_id, "noupdate": False, **stamps(evening.at)})
    return f"module {change.module} installed ({change.version}), with its model {model}"


def _module_uninstalled(evening: Evening, change: truth.ModuleUninstalled) -> str:
    values = {"state": "uninstalled", "latest_version": None}
    evening.write("ir_module_module", evening.module(change.module), values, uid=ROOT_UID)
    evening.run("delete from ir_model_data where module = %s", change.module)
    return f"module {change.module} uninstalled"


def _module_version_changed(evening: Evening, change: truth.ModuleVersionChanged) -> str:
    evening.write("ir_module_module", evening.module(change.module), {"latest_version": change.version}, uid=ROOT_UID)
    return f"module {change.module} now at {change.version}"


def _module_state_changed(evening: Evening, change: truth.ModuleStateChanged) -> str:
    evening.write("ir_module_module", evening.module(change.module), {"state": change.state})
    return f"module {change.module} now '{change.state}'"


def _module_upgraded_without_change(evening: Evening, change: truth.ModuleUpgradedWithoutChange) -> str:
    # A real upgrade without a code change moved write_date on more than half of all module rows, and on views.
    moved = "set write_date = %s, write_uid = %s"
    evening.run(f"update ir_module_module {moved} where state = 'installed'", evening.at, ROOT_UID)
    # Loading a module takes back edits of its views; this one has none that were edited.
    evening.run(f"update ir_ui_view {moved} where key is not null and not arch_updated", evening.at, ROOT_UID)
    return f"module {change.module} upgraded without a change: stamps moved, values stayed"


def _parameter_changed(evening: Evening, change: truth.ParameterChanged) -> str:
    query = "select id from ir_config_parameter where key = %s"
    row_id = evening.find(f"parameter {change.key}", query, change.key)
    evening.write("ir_config_parameter", row_id, {"value": change.value})
    return f"parameter {change.key} changed"


def _parameter_added(evening: Evening, change: truth.ParameterChanged) -> str:
    values = {"key": change.key, "value": change.value, **stamps(evening.at, uid=ADMIN_UID)}
    evening.sink.add("ir_config_parameter", values)
    return f"parameter {change.key} added"


def _cron_switched_off(evening: Evening, change: truth.CronSwitchedOff) -> str:
    query = "select id from ir_cron where to_jsonb(cron_name) in (to_jsonb(%s::text), jsonb_build_object('en_US', %s))"
    row_id = evening.find(f"scheduled job {change.cron}", query, change.cron, change.cron)
    evening.write("ir_cron", row_id, {"active": False})
    return f"scheduled job '{change.cron}' switched off"


def _user_archived(evening: Evening, change: truth.UserTouched) -> str:
    evening.write("res_users", evening.user(change.login), {"active": False})
    return f"user {change.login} archived"


def _user_logged_in(evening: Evening, change: truth.UserTouched) -> str:
    evening.sink.add("res_users_log", stamps(evening.at, uid=evening.user(change.login)))
    return f"user {change.login} logged in"


def _employee_left(evening: Evening, change: truth.UserTouched) -> str:
    query = "select id from hr_employee where user_id = %s"
    employee_id = evening.find(f"employee of {change.login}", query, evening.user(change.login))
    departure = {"departure_date": evening.today}
    is_versioned = evening.sink.schema.has("hr_version")
    evening.write("hr_employee", employee_id, {"active": False, **({} if is_versioned else departure)})
    if is_versioned:
        current = "select current_version_id from hr_employee where id = %s"
        evening.write("hr_version", evening.find("current version", current, employee_id), departure)
    return f"employee of {change.login} left; the user stays active"


def _user_created(evening: Evening, change: truth.UserCreated) -> str:
    name = change.login.split("@")[0].replace(".", " ").title()
    new = NewUser(change.login, name, role="", groups=())
    user_id, partner_id = add_user(evening.sink, new, at=evening.at, uid=ADMIN_UID, written_at=evening.at)
    evening.run("update res_partner set commercial_partner_id = id where id = %s", partner_id)
    for group in ("base.group_user", change.group):
        _add_membership(evening, user_id, evening.record(group, "res.groups"))
    return f"user {change.login} created with {change.group}, without employee"


def _user_added_to_group(evening: Evening, change: truth.MembershipChanged) -> str:
    user_id, group_id = evening.user(change.login), evening.record(change.group, "res.groups")
    _add_membership(evening, user_id, group_id)
    _stamp_edited(evening, change, user_id, group_id)
    return f"user {change.login} added to {change.group}, edited from the {change.edited_from}"


def _user_removed_from_group(evening: Evening, change: truth.MembershipChanged) -> str:
    user_id, group_id = evening.user(change.login), evening.record(change.group, "res.groups")
    # Groups that this one implies stay: Odoo never takes implied memberships back.
    evening.run("delete from res_groups_users_rel where uid = %s and gid = %s", user_id, group_id)
    _stamp_edited(evening, change, user_id, group_id)
    return f"user {change.login} removed from {change.group}, edited from the {change.edited_from}"


def _stamp_edited(evening: Evening, change: truth.MembershipChanged, user_id: int, group_id: int) -> None:
    if change.edited_from == "user":
        evening.write("res_users", user_id, {})
    else:
        evening.write("res_groups", group_id, {})


def _add_membership(evening: Evening, user_id: int, group_id: int) -> None:
    # Up to 18.0 Odoo stores what a group implies with the membership; from 19.0 only the membership itself.
    step = "select hid from res_groups_implied_rel i join added a on a.gid = i.gid" if _stores_implied(evening) else ""
    query = f"""with recursive added(gid) as (select %s::int {"union " + step if step else ""})
        insert into res_groups_users_rel (gid, uid) select gid, %s from added on conflict do nothing"""
    evening.run(query, group_id, user_id)


def _stores_implied(evening: Evening) -> bool:
    return evening.sink.schema.major < 19


def _group_implies(evening: Evening, change: truth.GroupImplies) -> str:
    group_id, implied_id = evening.record(change.group, "res.groups"), evening.record(change.implied, "res.groups")
    evening.sink.add("res_groups_implied_rel", {"gid": group_id, "hid": implied_id})
    evening.write("res_groups", group_id, {})
    if _stores_implied(evening):
        for (user_id,) in evening.run("select uid from res_groups_users_rel where gid = %s", group_id):
            _add_membership(evening, user_id, implied_id)
    return f"group {change.group} now implies {change.implied}"


def _manual_field_added(evening: Evening, change: truth.ManualFieldAdded) -> str:
    model_id = evening.find(f"model {change.model}", "select id from ir_model where model = %s", change.model)
    add_manual_field(evening.sink, model=change.model, model_id=model_id, name=change.field, at=evening.at)
    return f"field {change.model}.{change.field} added by hand"


def _view_edited(evening: Evening, change: truth.ViewEdited) -> str:
    view_id = evening.record(change.view, "ir.ui.view")
    arch = architecture("form", change.view, '\n  <field name="comment"/>')
    values = {"arch_db": evening.sink.encode("ir_ui_view", "arch_db", arch), "arch_updated": True}
    evening.write("ir_ui_view", view_id, values)
    return f"view {change.view} edited in place"


def _partner_created_and_deleted(evening: Evening, change: truth.PartnerCreatedAndDeleted) -> str:  # noqa: ARG001
    email = "mistake@nowhere.example"
    partner_id = add_partner(evening.sink, "Made by mistake", email=email, at=evening.at, uid=ADMIN_UID)
    evening.run("delete from res_partner where id = %s", partner_id)
    return f"contact {partner_id} created and deleted between the nights"


def _tickets_opened(evening: Evening, change: truth.TicketsMoved) -> str:
    customer = evening.find("a contact", "select id from res_partner where email = 'contact1@customer1.example'")
    last_id = evening.run(f"select coalesce(max(id), 0) from {evening.tickets.table}")[0][0]
    ids = []
    for index in range(change.count):
        at = evening.at + evening.span * index / change.count
        number = last_id + index + 1
        ids.append(open_ticket(evening.sink, evening.tickets, number=number, at=at, partner_id=customer))
    return f"{change.count} tickets opened: {ids}"


def _tickets_closed(evening: Evening, change: truth.TicketsMoved) -> str:
    chosen = evening.choose_tickets(change.count, is_closed=False)
    for row_id, number in chosen:
        _move(evening, row_id, _STAGES[number], "done")
    return f"{change.count} tickets closed: {[row_id for row_id, _ in chosen]}"


def _tickets_reopened(evening: Evening, change: truth.TicketsMoved) -> str:
    chosen = evening.choose_tickets(change.count, is_closed=True, is_latest=True)
    for row_id, number in chosen:
        _move(evening, row_id, _STAGES[number], "progress")
    return f"{change.count} tickets reopened: {[row_id for row_id, _ in chosen]}"


def _move(evening: Evening, row_id: int, old: Stage, new: Stage) -> None:
    table, author = evening.tickets, evening.agent
    evening.write(table.table, row_id, table.staged(new, evening.at), uid=author.user_id)
    track(evening.sink, table.model, row_id, [table.stage_change(old, new)], at=evening.at, author=author)


def _tickets_deleted(evening: Evening, change: truth.TicketsMoved) -> str:
    chosen = [row_id for row_id, _ in evening.choose_tickets(change.count, is_closed=True)]
    of_ticket = "select id from mail_message where model = %s and res_id = any(%s)"
    parameters = (evening.tickets.model, chosen)
    # A deleted ticket takes its chatter along.
    evening.run(f"delete from mail_tracking_value where mail_message_id in ({of_ticket})", *parameters)
    evening.run(f"delete from mail_message where id in ({of_ticket})", *parameters)
    evening.run(f"delete from {evening.tickets.table} where id = any(%s)", chosen)
    return f"{change.count} tickets deleted with their messages: {chosen}"


def _tickets_archived(evening: Evening, change: truth.TicketsMoved) -> str:
    chosen = [row_id for row_id, _ in evening.choose_tickets(change.count, is_closed=False)]
    for row_id in chosen:
        evening.write(evening.tickets.table, row_id, {"active": False}, uid=evening.agent.user_id)
    return f"{change.count} tickets archived: {chosen}"


_FUNCTIONS: dict[str, Callable[[Evening, Any], str]] = {
    "module_installed": _module_installed,
    "module_uninstalled": _module_uninstalled,
    "module_version_changed": _module_version_changed,
    "module_state_changed": _module_state_changed,
    "module_upgraded_without_change": _module_upgraded_without_change,
    "parameter_changed": _parameter_changed,
    "parameter_added": _parameter_added,
    "cron_switched_off": _cron_switched_off,
    "user_archived": _user_archived,
    "user_logged_in": _user_logged_in,
    "user_created": _user_created,
    "employee_left": _employee_left,
    "user_added_to_group": _user_added_to_group,
    "user_removed_from_group": _user_removed_from_group,
    "group_implies": _group_implies,
    "manual_field_added": _manual_field_added,
    "view_edited": _view_edited,
    "partner_created_and_deleted": _partner_created_and_deleted,
    "tickets_opened": _tickets_opened,
    "tickets_closed": _tickets_closed,
    "tickets_reopened": _tickets_reopened,
    "tickets_deleted": _tickets_deleted,
    "tickets_archived": _tickets_archived,
}
