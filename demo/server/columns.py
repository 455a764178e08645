"""A field as an SQL expression: plain columns, translations, company-dependent values. Not here: conditions on it."""

from __future__ import annotations

from typing import Any

from demo.server.environment import Environment
from demo.server.errors import value_error
from demo.server.fragments import Fragment, column, quoted, value
from demo.server.registry import Field, Model

_PROPERTY_COLUMNS = {
    "many2one": "split_part(value_reference, ',', 2)::integer",
    "char": "value_text",
    "text": "value_text",
    "html": "value_text",
    "selection": "value_text",
    "float": "value_float",
    "integer": "value_integer",
    "boolean": "value_integer::boolean",
    "date": "value_datetime::date",
    "datetime": "value_datetime",
}
_CASTS = {"many2one": "integer", "integer": "integer", "float": "float8", "monetary": "float8", "boolean": "boolean",
          "date": "date", "datetime": "timestamp"}  # fmt: skip


def has_expression(environment: Environment, field: Field) -> bool:
    """Say whether a field has a value in the tables (a column or, up to 17, a property)."""
    return bool(field.column and field.stored) or (field.company_dependent and environment.dialect.major <= 17)


def expression(environment: Environment, model: Model, alias: str, field: Field) -> Fragment:
    """The SQL for a stored field of the row that `alias` stands for."""
    if field.company_dependent:
        if field.column == "jsonb":
            return _by_company(environment, model, alias, field)
        return _property(environment, model, alias, field)
    if not field.column or not field.stored:
        raise value_error(f"Cannot convert {model.name}.{field.name} to SQL because it is not stored")
    plain = column(alias, field.name)
    if field.column == "jsonb" and field.translate:
        return _translated(environment, plain)
    if field.translate and environment.language != "en_US" and environment.registry.has("ir_translation", "lang"):
        return _looked_up_translation(environment, model, alias, field)
    return plain


def _translated(environment: Environment, plain: Fragment) -> Fragment:
    source = plain + "->>'en_US'"
    if environment.language == "en_US":
        return "(" + source + ")"
    return "COALESCE(" + plain + "->>" + value(environment.language) + ", " + source + ")"


def _looked_up_translation(environment: Environment, model: Model, alias: str, field: Field) -> Fragment:
    """Up to 15 the translations lie in a table of their own."""
    return (
        "COALESCE((select value from ir_translation where type = 'model' and value <> '' and name = "
        + value(f"{model.name},{field.name}")
        + " and lang = "
        + value(environment.language)
        + " and res_id = "
        + column(alias, "id")
        + " limit 1), "
        + column(alias, field.name)
        + ")"
    )


def _by_company(environment: Environment, model: Model, alias: str, field: Field) -> Fragment:
    cast = _CASTS.get(field.type, "text")
    found = "(" + column(alias, field.name) + "->>" + value(str(environment.company_id)) + ")"
    fallback = environment.recall(("default", model.name, field.name), lambda: _default(environment, model, field))
    if fallback is not None:
        found = "COALESCE(" + found + ", " + value(fallback) + ")"
    return found + f"::{cast}"


def _default(environment: Environment, model: Model, field: Field) -> str | None:
    """From 18 on `ir.default` holds what a company-dependent field shows where nothing is set."""
    described = environment.registry.descriptions.get((model.name, field.name))
    if described is None or not environment.registry.has("ir_default", "field_id", "json_value"):
        return None
    query = (
        "select json_value::jsonb #>> '{}' from ir_default where field_id = %s and user_id is null"
        " and condition is null and (company_id = %s or company_id is null) order by company_id nulls last, id limit 1"
    )
    rows = environment.rows(Fragment(query, (described["id"], environment.company_id)))
    found: Any = rows[0][0] if rows else None
    return None if found in (None, "false") and field.type != "boolean" else found


def _property(environment: Environment, model: Model, alias: str, field: Field) -> Fragment:
    """Up to 17 a company's value lies in `ir.property`, the default in a row without a record."""
    described = environment.registry.descriptions.get((model.name, field.name))
    if described is None or not environment.registry.has("ir_property", "fields_id", "res_id"):
        return Fragment("NULL::" + _CASTS.get(field.type, "text"))
    chosen = _PROPERTY_COLUMNS.get(field.type, "value_text")
    select = Fragment(
        f"(select {chosen} from ir_property where fields_id = %s"
        " and (company_id = %s or company_id is null) and res_id ",
        (described["id"], environment.company_id),
    )
    last = " order by company_id nulls last limit 1)"
    own = select + "= " + value(f"{model.name},") + "||" + column(alias, "id") + last
    return "COALESCE(" + own + ", " + select + "is null" + last + ")"


def table(model: Model, alias: str) -> Fragment:
    return Fragment(f"{quoted(model.table)} {quoted(alias)}")
