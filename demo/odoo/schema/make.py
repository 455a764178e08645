"""Make the schema excerpts beside this file. Run when the catalogue starts to read another table.

    python demo/odoo/schema/make.py observed FACTS   16.0 … 19.0, from models.json and server.json of real servers
    python demo/odoo/schema/make.py documented       14.0, from 16.0 and the public upgrade analyses

An excerpt holds the tables that the catalogue reads, with all their stored columns: those that Driftline must never
read are there too. Not here: what the columns are filled with.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
for folder in (HERE.parents[2], HERE.parents[2] / "plugins"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from driftline.catalogue import Entry, OdooVersion, load_catalogue  # noqa: E402

from demo.odoo.schema.documented_14 import (  # noqa: E402
    CHANGES,
    COMPARED,
    KEPT,
    MODULE_VERSIONS,
    MODULES_ABSENT,
    SOURCE,
    TABLES_ABSENT,
)

VERSIONS = ("16.0", "17.0", "18.0", "19.0")

# Columns that the server's own field list hides; their types as the tables show them.
HIDDEN = {
    "res_users.totp_secret": "character varying",
    "res_users.totp_last_counter": "integer",
    "project_project.stage_id": "integer",
    "ir_module_module.web": "boolean",
    "res_users_apikeys.key": "character varying",
    "res_users_apikeys.index": "character varying",
    "auth_totp_device.key": "character varying",
    "auth_totp_device.index": "character varying",
}

# Some servers answered these models without any column; the tables of a dump have these.
_STAMPS = "id create_uid create_date write_uid write_date"
UNSEEN = {
    "res_partner_bank": f"{_STAMPS} partner_id bank_id sequence currency_id company_id acc_number sanitized_acc_number "
    "acc_holder_name active allow_out_payment has_iban_warning has_money_transfer_warning",
    "res_device_log": f"{_STAMPS} user_id session_identifier platform browser ip_address country city device_type "
    "revoked first_activity last_activity",
}
COLUMN_TYPES = {
    "boolean": "boolean", "char": "character varying", "datetime": "timestamp without time zone", "integer": "integer",
    "many2one": "integer", "selection": "character varying",
}  # fmt: skip

# NOT NULL columns as the tables that get rows show them, with the value that Odoo would put there by default.
REQUIRED: dict[str, dict[str, Any]] = {
    "account_analytic_line": {"company_id": 1, "name": None, "date": None, "amount": 0},
    "helpdesk_ticket": {"company_id": 1, "name": None, "description": None},
    "helpdesk_ticket_stage": {"name": None},
    "helpdesk_ticket_team": {"name": None, "alias_id": 1},
    "hr_department": {"name": None},
    "hr_employee": {"resource_id": None, "company_id": 1, "employee_type": "employee"},
    "hr_version": {
        "last_modified_uid": 2, "last_modified_date": None, "hr_responsible_id": 2,
        "distance_home_work_unit": "kilometers", "marital": "single", "employee_type": "employee", "date_version": None,
    },
    "ir_act_server": {
        "model_id": None, "name": None, "type": "ir.actions.server", "binding_type": "action", "state": "code",
        "usage": "ir_actions_server",
    },
    "ir_config_parameter": {"key": None, "value": None},
    "ir_cron": {"ir_actions_server_id": None, "user_id": 1, "nextcall": None},
    "ir_mail_server": {"name": None, "smtp_authentication": "login", "smtp_encryption": "none"},
    "ir_model": {"model": None, "order": "id", "name": None},
    "ir_model_access": {"name": None, "model_id": None},
    "ir_model_data": {"name": None, "module": None, "model": None},
    "ir_model_fields": {
        "model_id": None, "name": None, "model": None, "ttype": None, "state": None, "field_description": None,
    },
    "ir_module_category": {"name": None},
    "ir_module_module": {"name": None},
    "ir_ui_view": {"priority": 16, "name": None, "mode": "primary"},
    "mail_message": {"message_type": None},
    "mail_tracking_value": {"mail_message_id": None},
    "project_project": {
        "alias_id": 1, "privacy_visibility": "portal", "rating_status": "stage", "rating_status_period": "monthly",
        "last_update_status": "to_define", "name": None, "billing_type": "not_billable",
    },
    "project_task": {"name": None, "state": "01_in_progress"},
    "project_task_type": {"name": None, "rating_status": "stage", "rating_status_period": "monthly"},
    "res_company": {
        "name": None, "partner_id": None, "currency_id": None, "layout_background": "Blank", "fiscalyear_last_day": 31,
        "fiscalyear_last_month": "12",
    },
    "res_country": {"name": None, "code": None},
    "res_currency": {"name": None, "symbol": None},
    "res_groups": {"name": None},
    "res_groups_privilege": {"name": None},
    "res_lang": {
        "name": None, "code": None, "url_code": None, "direction": "ltr", "date_format": "%m/%d/%Y",
        "time_format": "%H:%M:%S", "week_start": "7", "grouping": "[]", "decimal_point": ".",
    },
    "res_users_apikeys": {"name": None, "user_id": None},
    "res_users": {"company_id": 1, "partner_id": None, "login": None, "notification_type": "email"},
}  # fmt: skip

UNIQUE = {
    "ir_config_parameter": [["key"]],
    "ir_model": [["model"]],
    "ir_model_data": [["module", "name"]],
    "ir_model_fields": [["model", "name"]],
    "ir_module_module": [["name"]],
    "res_country": [["code"]],
    "res_currency": [["name"]],
    "res_lang": [["code"]],
    "res_users": [["login"]],
}
INDEXED = {
    "account_analytic_line": ["date", "task_id"],
    "helpdesk_ticket": ["stage_id", "team_id", "user_id"],
    "hr_employee": ["user_id"],
    "mail_message": ["model, res_id"],
    "mail_tracking_value": ["mail_message_id"],
    "project_task": ["project_id", "stage_id"],
    "res_partner": ["parent_id", "commercial_partner_id"],
    "res_groups_users_rel": ["uid, gid"],
    "res_groups_implied_rel": ["hid, gid"],
    "res_users_log": ["create_uid"],
}


def observed(facts: Path, version: str) -> dict[str, Any]:
    """Cut the excerpt of one version out of what a real server answered."""
    models = json.loads((facts / version / "models.json").read_text())
    server = json.loads((facts / version / "server.json").read_text())
    tables: dict[str, Any] = {}
    for entry in _catalogue():
        key = list(entry.key)
        if entry.kind == "relation" and _has_relation(models, entry, version):
            columns = {name: ["integer", "many2one", None] for name in key}
            tables[entry.table] = _finish(entry.table, None, key, columns)
        elif entry.model in models:
            tables[entry.table] = _finish(entry.table, entry.model, key, _columns(models[entry.model]))
    modules = {m["name"]: [m["latest_version"], m["author"]] for m in server["modules"]}
    source = f"answers of an Odoo {version} server (Community with OCA helpdesk_mgmt, auditlog, base_user_role)"
    return {"version": version, "source": source, "tables": tables, "modules": dict(sorted(modules.items()))}


def documented_14() -> dict[str, Any]:
    """Derive 14.0 from the excerpt of 16.0."""
    base = json.loads((HERE / "16.0.json").read_text())
    tables = {}
    for table, definition in base["tables"].items():
        if table.startswith("helpdesk_") or table in TABLES_ABSENT:
            continue
        columns = {name: _untranslated(column) for name, column in definition["columns"].items()}
        if definition["model"] and table not in COMPARED:
            columns = {name: column for name, column in columns.items() if name in _named(definition["model"])}
        if table in KEPT:
            columns = {name: column for name, column in columns.items() if name in KEPT[table]}
        for name, column in CHANGES.get(table, {}).items():
            if column is None:
                columns.pop(name, None)
            else:
                columns[name] = column
        tables[table] = _finish(table, definition["model"], definition["key"], columns)
    modules = {
        name: [MODULE_VERSIONS.get(name, "14.0.1.0"), author]
        for name, (_, author) in base["modules"].items()
        if name not in MODULES_ABSENT and not name.startswith("spreadsheet")
    }
    return {"version": "14.0", "source": SOURCE, "tables": tables, "modules": modules}


def render(excerpt: dict[str, Any]) -> str:
    """Write an excerpt as JSON with one table, and one line of modules, per line."""

    def compact(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    tables = ",\n".join(f"{compact(name)}:{compact(table)}" for name, table in excerpt["tables"].items())
    head = "".join(f"{compact(name)}:{compact(excerpt[name])},\n" for name in ("version", "source", "modules"))
    return f'{{\n{head}"tables":{{\n{tables}\n}}\n}}\n'


def _catalogue() -> list[Entry]:
    return sorted(load_catalogue(), key=lambda entry: entry.table)


def _has_relation(models: dict[str, Any], entry: Entry, version: str) -> bool:
    via, found = entry.via, OdooVersion.parse(version)
    if via is None or via.model not in models or not entry.exists_in(found):
        return False
    field = models[via.model]["fields"].get(via.field_in(found), {})
    return bool(field.get("relation_table", [None])[0] == entry.table)


def _named(model: str) -> frozenset[str]:
    """Name the columns of 14.0 that the catalogue reads or forbids, those that may not be empty, and the stamps."""
    entry = load_catalogue()[model]
    read = {column.source for column in entry.columns_for(OdooVersion(14))}
    return frozenset({*read, *entry.never_read, *REQUIRED.get(entry.table, ()), *_STAMPS.split()})


def _columns(model: dict[str, Any]) -> dict[str, list[Any]]:
    fields = model["fields"]
    columns = {
        name: [field["column"], field["type"], True if field.get("translate") else field.get("relation")]
        for name, field in sorted(fields.items())
        if field.get("column")
    }
    if not columns:
        names = UNSEEN[model["table"]].split()
        kinds = {name: fields[name]["type"] for name in names}
        columns = {name: [COLUMN_TYPES[kinds[name]], kinds[name], fields[name].get("relation")] for name in names}
    hidden = {name: [HIDDEN[f"{model['table']}.{name}"], None, None] for name in model["columns_without_field"]}
    return {**columns, **hidden}


def _finish(table: str, model: str | None, key: list[str], columns: dict[str, list[Any]]) -> dict[str, Any]:
    ordered = {**{name: columns[name] for name in key}, **columns}
    required = {name: value for name, value in REQUIRED.get(table, {}).items() if name in columns}
    return {
        "model": model,
        "key": key,
        "required": required,
        "unique": UNIQUE.get(table, []),
        "indexed": INDEXED.get(table, []),
        "columns": ordered,
    }


def _untranslated(column: list[Any]) -> list[Any]:
    kind, extra = column[1], column[2]
    if extra is True:
        return ["character varying" if kind == "char" else "text", kind, None]
    return column


def main(arguments: list[str]) -> None:
    """Write the excerpts that the command line names."""
    match arguments:
        case ["observed", facts]:
            excerpts = [observed(Path(facts), version) for version in VERSIONS]
        case ["documented"]:
            excerpts = [documented_14()]
        case _:
            raise SystemExit(__doc__)
    for excerpt in excerpts:
        path = HERE / f"{excerpt['version']}.json"
        path.write_text(render(excerpt))
        print(f"{path.name}: {len(excerpt['tables'])} tables, {len(excerpt['modules'])} modules")


if __name__ == "__main__":
    main(sys.argv[1:])
