"""`read_group` and `formatted_read_group`: counts and aggregates, by columns. Parts of a date are not served."""

from __future__ import annotations

import re
from typing import Any

from demo.server import naming
from demo.server.access import check_fields, check_model
from demo.server.columns import expression, has_expression, table
from demo.server.domains import parse
from demo.server.environment import Environment
from demo.server.errors import NotServed, value_error
from demo.server.fragments import Fragment, joined, value
from demo.server.registry import Field, Model
from demo.server.searching import compiler, where_clause

_AGGREGATES = {"sum", "avg", "min", "max", "count", "count_distinct", "bool_and", "bool_or"}
_SPECIFICATION = re.compile(r"^(\w+)(?::(\w+)(?:\((\w+)\))?)?$")


def read_group(environment: Environment, model: Model, bound: dict[str, Any]) -> list[dict[str, Any]]:
    """One dict per group: the asked aggregates under the fields' names, the count, and the group's own domain."""
    wanted = [_aggregate(model, text) for text in bound["fields"] or []]
    groups = [bound["groupby"]] if isinstance(bound["groupby"], str) else list(bound["groupby"] or [])
    asked = groups[:1] if bound["lazy"] else groups
    rows = _rows(environment, model, bound, asked, [item for item in wanted if item and item[0] not in asked])
    counter = f"{asked[0]}_count" if asked and bound["lazy"] else "__count"
    found = []
    for keys, count, aggregates in rows:
        shown = {name: _shown(environment, model, name, key) for name, key in zip(asked, keys, strict=True)}
        domain = [
            *(bound["domain"] or []),
            *([name, "=", False if k is None else k] for name, k in zip(asked, keys, strict=True)),
        ]
        if not domain and environment.dialect.modern_domains:
            domain = [[1, "=", 1]]
        found.append({**shown, counter: count, **aggregates, "__domain": domain})
    return found


def formatted_read_group(environment: Environment, model: Model, bound: dict[str, Any]) -> list[dict[str, Any]]:
    """19's form: aggregates under the names they were asked by."""
    wanted = [_aggregate(model, text) for text in bound["aggregates"] if text != "__count"]
    asked = list(bound["groupby"])
    rows = _rows(environment, model, {**bound, "orderby": bound["order"]}, asked, [item for item in wanted if item])
    found = []
    for keys, count, aggregates in rows:
        shown = {name: _shown(environment, model, name, key) for name, key in zip(asked, keys, strict=True)}
        extra = [[name, "=", False if key is None else key] for name, key in zip(asked, keys, strict=True)]
        named = {
            text: aggregates[item[0]]
            for text in bound["aggregates"]
            if text != "__count" and (item := _aggregate(model, text))
        }
        counted = {"__count": count} if "__count" in bound["aggregates"] else {}
        found.append({**shown, **counted, **named, "__extra_domain": extra})
    return found


def _aggregate(model: Model, text: str) -> tuple[str, str, Field] | None:
    """(key, function, field) of "write_date:max", "last:max(write_date)" or a bare number field, which is summed."""
    match = _SPECIFICATION.match(text)
    if not match:
        raise value_error(f"Invalid field specification {text!r}.")
    name, function, inner = match.groups()
    field = model.fields.get(inner or name)
    if field is None:
        raise value_error(f"Invalid field {inner or name!r} on model {model.name!r}")
    if function is None:
        return (name, "sum", field) if field.type in ("integer", "float", "monetary") and name != "id" else None
    if function not in _AGGREGATES:
        raise value_error(f"Invalid aggregation function {function!r}.")
    return name, function, field


def _rows(
    environment: Environment,
    model: Model,
    bound: dict[str, Any],
    groups: list[str],
    wanted: list[tuple[str, str, Field]],
) -> list[tuple[tuple[Any, ...], int, dict[str, Any]]]:
    check_model(environment, model.name, "read")
    alias = model.table
    using = compiler(environment)
    where = where_clause(
        environment, model, alias, parse(bound["domain"], environment.dialect), archived=False, using=using
    )
    keys = [_plain(environment, model, alias, _group_field(model, name)) for name in groups]
    aggregates = [_call(function, _plain(environment, model, alias, field), field) for _, function, field in wanted]
    select = joined([*keys, Fragment("count(*)"), *aggregates], ", ")
    query = "SELECT " + select + " FROM " + table(model, alias) + " WHERE " + where
    if keys:
        places = ", ".join(str(place) for place in range(1, len(keys) + 1))
        query += f" GROUP BY {places} ORDER BY {_order(bound.get('orderby'), groups) or places}"
    if bound.get("limit"):
        query += " LIMIT " + value(bound["limit"])
    if bound.get("offset"):
        query += " OFFSET " + value(bound["offset"])
    names = [name for name, _, _ in wanted]
    size = len(keys)
    return [
        (row[:size], row[size], {n: False if v is None else v for n, v in zip(names, row[size + 1 :], strict=True)})
        for row in environment.rows(query)
    ]


def _order(orderby: Any, groups: list[str]) -> str:
    places = []
    for item in (orderby or "").split(","):
        words = item.split()
        if words and words[0] in groups:
            places.append(f"{groups.index(words[0]) + 1}{' DESC' if words[1:] and words[1].lower() == 'desc' else ''}")
    return ", ".join(places)


def _group_field(model: Model, name: str) -> Field:
    if ":" in name:
        raise NotServed(f"grouping by a part of a date ({name}).")
    field = model.fields.get(name)
    if field is None:
        raise value_error(f"Invalid field {name!r} on model {model.name!r}")
    if field.type in ("date", "datetime") or field.is_many:
        raise NotServed(f"grouping by the {field.type} field {name}.")
    return field


def _plain(environment: Environment, model: Model, alias: str, field: Field) -> Fragment:
    check_fields(environment, model, [field.name])
    if not has_expression(environment, field):
        if environment.dialect.modern_domains:
            raise value_error(f"Cannot convert {model.name}.{field.name} to SQL because it is not stored")
        raise value_error(f"Cannot convert field {model.name}.{field.name} to SQL")
    return expression(environment, model, alias, field)


def _call(function: str, argument: Fragment, field: Field) -> Fragment:
    if function == "count_distinct":
        return "count(DISTINCT " + argument + ")"
    called = f"{function}(" + argument + ")"
    if function == "count":
        return called
    if field.type == "datetime":
        return "date_trunc('second', " + called + ")::text"
    if field.type == "date":
        return called + "::text"
    return called + "::float8" if field.type in ("float", "monetary") or function == "avg" else called


def _shown(environment: Environment, model: Model, name: str, key: Any) -> Any:
    field = model.fields[name]
    if key is None:
        return False
    if field.type == "many2one":
        return [key, naming.names(environment, field.relation or "", {key}).get(key, False)]
    return key
