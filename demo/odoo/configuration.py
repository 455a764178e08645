"""Modules, parameters, scheduled jobs, models, fields, views and who owns them. Not here: people and work."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from demo.odoo.rows import Sink
from demo.odoo.schema import Table
from demo.odoo.texts import ODD_TEXTS
from demo.odoo.world import ADMIN_UID, ROOT_UID, World, some_microseconds, stamps

NOT_INSTALLED = (
    "event", "fleet", "hr_attendance", "hr_expense", "hr_holidays", "hr_recruitment", "lunch", "maintenance",
    "mass_mailing", "mrp", "point_of_sale", "repair", "survey", "website", "website_sale",
)  # fmt: skip
APPLICATIONS = frozenset({"account", "crm", "helpdesk_mgmt", "hr", "project", "purchase", "sale_management", "stock"})
CRONS = (
    ("base.autovacuum_job", "Base: Auto-vacuum internal data", 1, "days"),
    ("mail.ir_cron_mail_scheduler_action", "Mail: Email Queue Manager", 1, "hours"),
    ("mail.ir_cron_mail_gateway_action", "Mail: Fetchmail Service", 5, "minutes"),
    ("mail.ir_cron_delete_notification", "Notification: Delete Notifications older than 6 Month", 1, "days"),
    ("digest.ir_cron_digest_scheduler_action", "Digest Emails", 1, "days"),
    ("auth_signup.ir_cron_auth_signup_send_pending_user_reminder", "Users: Notify About Unregistered Users", 1, "days"),
    ("crm.ir_cron_crm_lead_assign", "CRM: Lead Assignment", 1, "days"),
    ("stock.ir_cron_scheduler_action", "Procurement: run scheduler", 1, "days"),
    ("project.ir_cron_rating_project", "Project: Send rating", 1, "days"),
    ("auditlog.ir_cron_auditlog_autovacuum", "Auto-vacuum audit logs", 1, "days"),
)
# The records whose creation tells when a major version came: from which version, xml id, model.
ARRIVAL_RECORDS = (
    ("14.0", "base.model_res_users_apikeys", "res.users.apikeys"),
    ("17.0", "mail.model_discuss_channel", "discuss.channel"),
    ("18.0", "base.model_res_device", "res.device"),
    ("19.0", "base.model_res_groups_privilege", "res.groups.privilege"),
)
STANDARD_VIEWS = {
    ("res.partner", "form"): "base.view_partner_form",
    ("helpdesk.ticket", "form"): "helpdesk_mgmt.ticket_view_form",
    ("project.task", "form"): "project.view_task_form2",
}
TRACKED = frozenset((model, name) for model in ("helpdesk.ticket", "project.task") for name in ("stage_id", "user_id"))
_OWNERS = {
    "account.analytic": "analytic", "account": "account", "auditlog": "auditlog", "auth_totp": "auth_totp",
    "base.automation": "base_automation", "crm": "crm", "fetchmail": "mail", "helpdesk": "helpdesk_mgmt", "hr": "hr",
    "mail": "mail", "product": "product", "project": "project", "purchase": "purchase", "rating": "rating",
    "res.users.role": "base_user_role", "resource": "resource", "sale": "sale", "spreadsheet": "spreadsheet_dashboard",
    "stock": "stock", "uom": "uom",
}  # fmt: skip


def add_configuration(world: World) -> None:
    """Make everything that belongs to no person."""
    random = world.random("configuration")
    _add_modules(world, random)
    _add_parameters(world, random)
    _add_crons(world, random)
    _add_models(world)
    _add_manual(world, random)
    _add_views(world, random)


def owner_of(model: str) -> str:
    """Name the module that declares a model."""
    return next((owner for prefix, owner in _OWNERS.items() if f"{model}.".startswith(f"{prefix}.")), "base")


def own_module(client_id: str) -> str:
    """Name the module that was written for a client."""
    return f"{client_id}_extras"


def architecture(kind: str, model: str, extra: str = "") -> str:
    """Write a small view; what is in it does not matter, that it changes does."""
    return f'<?xml version="1.0"?>\n<{kind} string="{model}">\n  <field name="id"/>{extra}\n</{kind}>'


def add_manual_field(
    sink: Sink, *, model: str, model_id: int, name: str, at: datetime, random: Random | None = None
) -> int:
    """Add a field as an administrator makes it in the interface: stamped, unlike a module's fields."""
    kind = random.choice(("char", "date", "boolean")) if random else "date"
    label = name.removeprefix("x_").replace("_", " ").capitalize()
    return sink.add(
        "ir_model_fields",
        {"name": name, "model": model, "model_id": model_id, "ttype": kind, "state": "manual", "store": True}
        | {"required": False, "readonly": False, "field_description": label, **stamps(at, uid=ADMIN_UID)},
    )


def _add_modules(world: World, random: Random) -> None:
    own = own_module(world.client.client_id)
    installed = {**world.schema.modules, own: (f"{world.schema.version}.1.0.0", world.client.name)}
    for name in sorted([*installed, *NOT_INSTALLED]):
        version, author = installed.get(name, (None, "Odoo S.A."))
        is_own = name == own
        written_at = _last_update(world, random) if version else world.installed_at
        module_id = world.rows.add(
            "ir_module_module",
            {"name": name, "shortdesc": name.replace("_", " ").title(), "author": author, "latest_version": version}
            | {"state": "installed" if version else "uninstalled", "application": name in APPLICATIONS}
            | {"license": _license(name, author, is_own=is_own), "auto_install": name.startswith(("base_", "web_"))}
            | {"demo": False, "sequence": 100, **stamps(world.installed_at, written_at=written_at)}
            | {"summary": ODD_TEXTS[0] if is_own else None, "icon": f"/{name}/static/description/icon.png"},
        )
        xml_id = f"base.module_{name}"
        world.add_external_id(xml_id, "ir.module.module", module_id, at=world.installed_at, is_noupdate=True)


def _license(name: str, author: str, *, is_own: bool) -> str:
    if is_own:
        return "OPL-1"
    return "AGPL-3" if "OCA" in author or name == "helpdesk_mgmt" else "LGPL-3"


def _last_update(world: World, random: Random) -> datetime:
    """Give when modules were last touched: the last upgrade, or one of two later maintenance evenings."""
    days = random.choice((*world.truth.version_arrivals.values(), 61, 29))
    return world.clock.days_ago(min(days, 400), hour=21.5)


def _add_parameters(world: World, random: Random) -> None:
    at, domain = world.installed_at, world.domain
    values: dict[str, str] = {
        "database.secret": f"CANARY-database-secret-{world.client.client_id}",
        "database.uuid": str(UUID(int=random.getrandbits(128), version=4)),
        "database.create_date": at.isoformat(" ", "seconds"),
        "web.base.url": f"https://erp.{domain}",
        "base.login_cooldown_after": "10",
        "base.login_cooldown_duration": "60",
        "mail.catchall.domain": domain,
        "mail.activity.gc.delete_overdue_years": "3",
        "auth_signup.invitation_scope": "b2b",
        "auth_signup.reset_password": "True",
        "crm.pls_fields": "phone_state,email_state",
        "sale.async_emails": "False",
        "payment_gateway.api_secret_key": f"CANARY-payment-{world.client.client_id}",
        "google_gmail_client_secret": f"CANARY-gmail-{world.client.client_id}",
        "report.footer_note": ODD_TEXTS[0],
        "report.null_marker": "\\N",
        "web.session_banner": ODD_TEXTS[5],
    }
    for key, value in values.items():
        written_at = at + timedelta(days=random.choice((0, 0, 30, 400)))
        world.rows.add("ir_config_parameter", {"key": key, "value": value, **stamps(at, written_at=written_at)})


def _add_crons(world: World, random: Random) -> None:
    for xml_id, name, number, unit in CRONS:
        step = timedelta(**{unit: number})
        last_at = world.clock.now.replace(second=0, microsecond=0) - step * random.random()
        action_id = world.rows.add(
            "ir_act_server",
            {"name": name, "code": "model._run()", "usage": "ir_cron", "sequence": 5, "model_id": 1}
            | stamps(world.installed_at),
        )
        cron_id = world.rows.add(
            "ir_cron",
            {"cron_name": name, "active": True, "interval_number": number, "interval_type": unit, "user_id": ROOT_UID}
            | {"nextcall": last_at + step, "lastcall": last_at, "priority": 5, **stamps(world.installed_at)}
            | {"ir_actions_server_id": action_id},
            where_present={"numbercall": -1, "doall": False, "failure_count": 0},
        )
        world.add_external_id(xml_id, "ir.cron", cron_id, at=world.installed_at, is_noupdate=True)


def _add_models(world: World) -> None:
    arrivals = world.truth.version_arrivals
    arrived = {model: world.clock.days_ago(arrivals[key]) for key, _, model in ARRIVAL_RECORDS if key in arrivals}
    # A client whose truth knows no arrival of its own version lacks the record that would tell.
    undated = {model for key, _, model in ARRIVAL_RECORDS if key == world.schema.version and key not in arrivals}
    for table in world.schema.tables.values():
        if table.model:
            at = arrived.pop(table.model, world.installed_at)
            model_id = _add_model(world, table.model, at=at, is_dated=table.model not in undated)
            for column in table.columns.values():
                if column.field_type:
                    _add_field(world, table, model_id, column.name)
    for _, xml_id, model in ARRIVAL_RECORDS:
        if model in arrived:
            _add_model(world, model, at=arrived[model], xml_id=xml_id)


def _add_model(world: World, model: str, *, at: datetime, xml_id: str | None = None, is_dated: bool = True) -> int:
    # Odoo stamps neither ir_model nor the fields of modules.
    model_id = world.rows.add(
        "ir_model",
        {"model": model, "name": model.replace(".", " ").title(), "state": "base", "transient": False, "order": "id"},
    )
    world.models[model] = model_id
    name = xml_id or f"{owner_of(model)}.model_{model.replace('.', '_')}"
    if is_dated:
        world.add_external_id(name, "ir.model", model_id, at=at)
    return model_id


def _add_field(world: World, table: Table, model_id: int, name: str) -> None:
    column = table.columns[name]
    is_tracked = (table.model, name) in TRACKED
    values: dict[str, Any] = {
        "name": name,
        "model": table.model,
        "model_id": model_id,
        "ttype": column.field_type,
        "relation": column.relation,
        "state": "base",
        "store": True,
        "required": name in table.required,
        "readonly": name in ("id", "create_date", "create_uid", "write_date", "write_uid"),
        "tracking": 100 if is_tracked else None,
        "field_description": name.removesuffix("_id").replace("_", " ").capitalize(),
    }
    field_id = world.rows.add("ir_model_fields", values)
    if is_tracked:
        world.tracked_fields[(str(table.model), name)] = field_id
    xml_id = f"{owner_of(str(table.model))}.field_{table.name}__{name}"
    world.add_external_id(xml_id, "ir.model.fields", field_id, at=world.installed_at)


def _add_manual(world: World, random: Random) -> None:
    def at() -> datetime:
        return world.clock.days_ago(random.randint(90, 700), hour=11) + some_microseconds(random)

    for model in world.truth.manual_models:
        label = model.removeprefix("x_").replace("_", " ").capitalize()
        values = {"model": model, "name": label, "state": "manual", "transient": False, "order": "id"}
        world.models[model] = world.rows.add("ir_model", values)
    for path in world.truth.manual_fields:
        model, name = path.rsplit(".", 1)
        add_manual_field(world.rows, model=model, model_id=world.models[model], name=name, at=at(), random=random)


def _add_views(world: World, random: Random) -> None:
    list_kind = "list" if world.schema.major >= 18 else "tree"
    models = [table.model for table in world.schema.tables.values() if table.model]
    for model in models:
        for kind in ("form", list_kind, "search"):
            module, table = owner_of(model), model.replace(".", "_")
            xml_id = STANDARD_VIEWS.get((model, kind), f"{module}.view_{table}_{kind}")
            is_edited = xml_id in world.truth.edited_views
            extra = '\n  <field name="x_note"/>' if is_edited else ""
            written_at = world.clock.days_ago(random.randint(30, 300)) if is_edited else world.installed_at
            view_id = world.rows.add(
                "ir_ui_view",
                {"name": f"{model}.{kind}", "model": model, "key": xml_id, "type": kind, "mode": "primary"}
                | {"active": True, "priority": 16, "arch_db": architecture(kind, model, extra)}
                | {"arch_fs": f"{module}/views/{table}_views.xml", "arch_updated": is_edited}
                | stamps(world.installed_at, written_at=written_at, written_by=ADMIN_UID if is_edited else ROOT_UID),
            )
            world.add_external_id(xml_id, "ir.ui.view", view_id, at=world.installed_at)
    for number in range(1, world.truth.handmade_views + 1):
        named = "".join(f'<field name="{name}"/>' for name in world.truth.drift.view_fields) if number == 1 else ""
        model = "res.partner" if named else models[number * 3]
        at = world.clock.days_ago(90 * number, hour=15) + some_microseconds(random)
        world.rows.add(
            "ir_ui_view",
            {"name": f"{model}.form.extra{number}", "model": model, "type": "form", "mode": "extension", "active": True}
            | {"inherit_id": number * 9 + 1, "arch_db": architecture("data", model, f"<!-- {ODD_TEXTS[4]} -->{named}")}
            | stamps(at, uid=ADMIN_UID),
        )
