"""`fields_get`: what a model's fields are, with the attributes that metadata and the database's field list hold."""

from __future__ import annotations

from typing import Any

from demo.server.access import check_model, may_read_field
from demo.server.columns import has_expression
from demo.server.environment import Environment
from demo.server.fragments import Fragment
from demo.server.registry import Field, Model


def fields_get(
    environment: Environment, model: Model, names: list[str] | None, attributes: list[str] | None
) -> dict[str, dict[str, Any]]:
    """The readable fields with the asked attributes; unknown names and attributes are passed over."""
    check_model(environment, model.name, "read")
    labels = _selection_labels(environment, model) if not attributes or "selection" in attributes else {}
    found = {}
    for name, field in model.fields.items():
        if (names and name not in names) or not may_read_field(environment, field):
            continue
        described = _describe(environment, model, field, labels)
        found[name] = {key: value for key, value in described.items() if not attributes or key in attributes}
    return found


def _describe(environment: Environment, model: Model, field: Field, labels: dict[str, list[Any]]) -> dict[str, Any]:
    row = environment.registry.descriptions.get((model.name, field.name), {})
    stored = field.stored and (field.is_many or field.column is not None or field.type == "binary")
    searchable = stored or has_expression(environment, field) or field.path is not None or field.name == "display_name"
    sortable = (has_expression(environment, field) and not field.is_many) or (field.inherited and not field.is_many)
    described: dict[str, Any] = {
        "type": field.type,
        "name": field.name,
        "string": _text(row.get("field_description")) or field.name.replace("_", " ").title(),
        "help": _text(row.get("help")) or None,
        "required": bool(row.get("required")),
        "readonly": bool(row.get("readonly")) if row else not stored,
        "store": stored,
        "searchable": searchable,
        "sortable": sortable,
        "manual": field.name.startswith("x_"),
        "company_dependent": field.company_dependent,
        "translate": field.translate if field.is_text else None,
        "related": field.related,
        "depends": [],
        "relation": field.relation,
        "relation_field": field.inverse if field.type == "one2many" else None,
        "domain": [] if field.relation else None,
        "context": {} if field.relation else None,
        "groups": field.groups,
        "selection": labels.get(field.name) or _bare(field),
    }
    return {key: value for key, value in described.items() if value is not None}


def _bare(field: Field) -> list[list[str]] | None:
    return [[value, value] for value in field.selection or ()] if field.type == "selection" else None


def _text(content: Any) -> str:
    if isinstance(content, dict):
        return str(content.get("en_US") or "")
    return str(content or "")


def _selection_labels(environment: Environment, model: Model) -> dict[str, list[Any]]:
    if not environment.registry.has("ir_model_fields_selection", "field_id", "value", "name"):
        return {}
    query = (
        "select f.name, s.value, s.name from ir_model_fields_selection s join ir_model_fields f on f.id = s.field_id"
        " where f.model = %s order by f.name, s.sequence, s.id"
    )
    labels: dict[str, list[Any]] = {}
    for name, value, label in environment.rows(Fragment(query, (model.name,))):
        labels.setdefault(name, []).append([value, _text(label)])
    return labels
