"""The models of one database: what the version's metadata know, as far as the database has the tables and columns.

A model without its table is a module that is not installed. A column that the metadata do not know becomes a field of
the column's own type, so that a custom or later added column can be read. Not here: rights, and anything about rows.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from demo.server.versions import Dialect

_METADATA = Path(__file__).resolve().parent / "metadata"

# Many2one fields through which a model has the fields of another one (`_inherits`).
_INHERITS = {
    "res.users": {"partner_id": "res.partner"},
    "product.product": {"product_tmpl_id": "product.template"},
    "ir.cron": {"ir_actions_server_id": "ir.actions.server"},
    "mail.mail": {"mail_message_id": "mail.message"},
}
_INHERITS_19 = {"hr.employee": {"current_version_id": "hr.version"}}

# The field that names a record, where it is not `name`.
_NAMES = {
    "res.partner": ("complete_name", "display_name", "name"),
    "mail.message": ("record_name",),
    "ir.model.fields": ("field_description",),
    "mail.tracking.value": ("field_id", "field"),
    "ir.cron": ("cron_name",),
    "res.partner.bank": ("acc_number",),
    "hr.department": ("complete_name", "name"),
    "product.category": ("complete_name", "name"),
    "ir.config_parameter": ("key",),
    "ir.filters": ("name",),
    "ir.model.fields.selection": ("value",),
    "account.account": ("name",),
    "mail.activity": ("summary",),
    "res.users.log": (),
}

# Domains of one2many fields that stand in Odoo's code and that the database's own field list does not repeat.
_DOMAINS = {("res.partner", "child_ids"): "[('active', '=', True)]"}
_MESSAGES_DOMAIN = "[('message_type', '!=', 'user_notification')]"

# Computed fields whose value stands elsewhere: an account's code by company (18 and later), a company's address.
_ALIASES = {
    ("account.account", "code"): "code_store",
    ("account.account", "placeholder_code"): "code_store",
    ("res.company", "country_code"): "partner_id.country_id.code",
    **{
        ("res.company", name): f"partner_id.{name}"
        for name in ("street", "street2", "zip", "city", "state_id", "country_id")
    },
}

_TYPES_BY_COLUMN = {
    "boolean": "boolean",
    "integer": "integer",
    "bigint": "integer",
    "double precision": "float",
    "numeric": "float",
    "date": "date",
    "timestamp without time zone": "datetime",
    "text": "text",
    "jsonb": "json",
    "bytea": "binary",
}


@dataclass(frozen=True)
class Field:
    """One field; `path` leads to another model's field when this one is inherited or related."""

    name: str
    type: str
    column: str | None = None
    stored: bool = True
    relation: str | None = None
    relation_table: tuple[str, str, str] | None = None
    inverse: str | None = None
    domain: str | None = None
    translate: bool = False
    company_dependent: bool = False
    groups: str | None = None
    selection: tuple[str, ...] | None = None
    path: tuple[str, ...] | None = None
    inherited: bool = False
    related: str | None = None

    @property
    def is_many(self) -> bool:
        return self.type in ("one2many", "many2many")

    @property
    def is_text(self) -> bool:
        return self.type in ("char", "text", "html", "selection", "reference")


@dataclass(frozen=True)
class Model:
    """One model with its table, default order and fields."""

    name: str
    table: str
    order: str
    active_field: str | None
    fields: dict[str, Field]
    inherits: dict[str, str] = field(default_factory=dict)
    name_field: str | None = None
    parent_field: str | None = None


@dataclass(frozen=True)
class Registry:
    """All models that one database serves, and the tables it has."""

    dialect: Dialect
    models: dict[str, Model]
    columns: dict[str, dict[str, str]]
    descriptions: dict[tuple[str, str], dict[str, Any]]
    profile_fields: frozenset[str] = frozenset()

    def has(self, table: str, *columns: str) -> bool:
        return table in self.columns and all(column in self.columns[table] for column in columns)


@cache
def _metadata(serie: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(gzip.decompress((_METADATA / f"{serie}.json.gz").read_bytes()))
    return content


def metadata_source(dialect: Dialect) -> str:
    """Say where a version's metadata come from: "observed" or "from documentation: …"."""
    return str(_metadata(dialect.serie)["source"])


def build_registry(cursor: Any, dialect: Dialect) -> Registry:
    """Match the version's metadata with the tables of the database that `cursor` is connected to."""
    columns = _read_columns(cursor)
    descriptions = _read_descriptions(cursor, columns)
    entries = {
        name: entry
        for name, entry in _metadata(dialect.serie)["models"].items()
        if "id" in columns.get(entry["table"], {})
    }
    inherits = {**_INHERITS, **(_INHERITS_19 if dialect.major >= 19 else {})}
    models = {}
    for name, entry in entries.items():
        parents = {link: parent for link, parent in inherits.get(name, {}).items() if parent in entries}
        fields = {
            field_name: replace(
                _field(field_name, raw, columns[entry["table"]]), **_links(name, field_name, descriptions)
            )
            for field_name, raw in entry["fields"].items()
        }
        fields = _without_absent_columns(fields, entry)
        _add_unknown_columns(fields, columns[entry["table"]], entry)
        for link, parent in parents.items():
            _add_inherited(fields, link, entries[parent]["fields"])
        models[name] = Model(
            name=name,
            table=entry["table"],
            order=entry["order"],
            active_field=entry["active"] if entry["active"] in fields else None,
            fields=fields,
            inherits=parents,
            name_field=next((f for f in (*_NAMES.get(name, ("name",)), "x_name") if f in fields), None),
            parent_field="parent_id" if "parent_id" in fields and fields["parent_id"].relation == name else None,
        )
    profiles = frozenset(_metadata(dialect.serie)["models"].get("hr.employee.public", {}).get("fields", ()))
    return Registry(dialect, _with_inverses(models), columns, descriptions, profiles)


def _field(name: str, raw: dict[str, Any], columns: dict[str, str]) -> Field:
    table = raw.get("x")
    return Field(
        name=name,
        type=raw["t"],
        # Recorded without columns where no module had filled the table yet: then the database knows better.
        column=columns.get(name) if raw.get("c") or raw.get("s", 1) else None,
        stored=raw.get("s", 1) != 0,
        relation=raw.get("r"),
        relation_table=(table[0], table[1], table[2]) if table else None,
        translate=bool(raw.get("l")),
        company_dependent=bool(raw.get("d")),
        groups=raw.get("g"),
        selection=tuple(map(str, raw["v"])) if raw.get("v") else None,
    )


def _without_absent_columns(fields: dict[str, Field], entry: dict[str, Any]) -> dict[str, Field]:
    """Drop the fields whose column is not there: their module is not installed."""
    return {
        name: field
        for name, field in fields.items()
        if field.column or not entry["fields"][name].get("c") or not field.stored
    }


def _add_unknown_columns(fields: dict[str, Field], columns: dict[str, str], entry: dict[str, Any]) -> None:
    for name, column in columns.items():
        if name not in fields and name not in entry["hidden"] and name not in entry["fields"]:
            fields[name] = Field(name=name, type=_TYPES_BY_COLUMN.get(column, "char"), column=column)


def _add_inherited(fields: dict[str, Field], link: str, parent: dict[str, Any]) -> None:
    for name, field_ in fields.items():
        if not field_.stored and not field_.column and name in parent and name not in ("id", "display_name"):
            fields[name] = replace(field_, path=(link, name), inherited=True, related=f"{link}.{name}")


def _links(model: str, name: str, descriptions: dict[tuple[str, str], dict[str, Any]]) -> dict[str, Any]:
    """Take from the database's own field list what models.json does not say."""
    row = descriptions.get((model, name), {})
    related = _ALIASES.get((model, name)) or row.get("related") or None
    return {
        "inverse": row.get("relation_field") or None,
        "domain": _MESSAGES_DOMAIN
        if name == "message_ids"
        else _DOMAINS.get((model, name)) or _domain(row.get("domain")),
        "related": related,
        "path": tuple(related.split(".")) if related else None,
    }


def _domain(text: str | None) -> str | None:
    return text if text not in (None, "", "[]") else None


def _with_inverses(models: dict[str, Model]) -> dict[str, Model]:
    """Find a one2many's inverse field where the database does not tell it and only one field can be it."""
    return {
        name: replace(model, fields={key: _with_inverse(value, model, models) for key, value in model.fields.items()})
        for name, model in models.items()
    }


def _with_inverse(field_: Field, model: Model, models: dict[str, Model]) -> Field:
    comodel = models.get(field_.relation or "")
    if field_.type != "one2many" or field_.inverse or comodel is None:
        return field_
    found = [
        other.name
        for other in comodel.fields.values()
        if other.type == "many2one" and other.column and other.relation == model.name
        and other.name not in ("create_uid", "write_uid")
    ]  # fmt: skip
    if field_.name in ("message_ids", "activity_ids", "message_follower_ids"):
        return replace(field_, inverse="res_id")
    return replace(field_, inverse=found[0]) if len(found) == 1 else field_


def _read_columns(cursor: Any) -> dict[str, dict[str, str]]:
    cursor.execute(
        "select c.relname, a.attname, format_type(a.atttypid, null) from pg_class c"
        " join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
        " where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v', 'p') order by c.relname, a.attnum"
    )
    tables: dict[str, dict[str, str]] = {}
    for table, column, kind in cursor.fetchall():
        tables.setdefault(table, {})[column] = kind
    return tables


_DESCRIBED = (
    "id", "field_description", "help", "required", "readonly", "related", "relation_field", "domain",
)  # fmt: skip


def _read_descriptions(cursor: Any, columns: dict[str, dict[str, str]]) -> dict[tuple[str, str], dict[str, Any]]:
    known = columns.get("ir_model_fields", {})
    if not {"model", "name"} <= known.keys():
        return {}
    wanted = [name for name in _DESCRIBED if name in known]
    cursor.execute(f"select model, name, {', '.join(wanted)} from ir_model_fields")
    return {(row[0], row[1]): dict(zip(wanted, row[2:], strict=True)) for row in cursor.fetchall()}
