"""Records as dicts, in the shapes of the wire: False for NULL, [id, name] for many2one, seconds for times.

Fields that Odoo computes are served only where the tables hold the answer (names, inherited and related fields, login
dates, followers); others are an error when asked for by name.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from demo.server import access, naming, relations
from demo.server.columns import expression, has_expression, table
from demo.server.environment import Environment
from demo.server.errors import AccessError, NotServed, value_error
from demo.server.fragments import Fragment, column, joined
from demo.server.hiding import keep_visible
from demo.server.registry import Field, Model

_EMPTY_TEXTS = ("password", "new_password")


def read(
    environment: Environment, model: Model, ids: list[int], names: list[str] | None, load: str | None = "_classic_read"
) -> list[dict[str, Any]]:
    """Records in the order of `ids`; ids that are gone are left out, ids that rules hide are an error."""
    access.check_model(environment, model.name, "read")
    wanted = _wanted(environment, model, names)
    _check_visible(environment, model, ids)
    return _records(environment, model, ids, wanted, load=load, everything=not names)


def _wanted(environment: Environment, model: Model, names: list[str] | None) -> list[str]:
    if not names:
        profile = environment.registry.profile_fields if access.sees_public_profiles(environment, model.name) else None
        return [
            name
            for name, field in model.fields.items()
            if (profile is None or name in profile) and access.may_read_field(environment, field)
        ]
    for name in names:
        if name not in model.fields:
            raise value_error(environment.dialect.invalid_field(model.name, name))
    access.check_fields(environment, model, names)
    return list(dict.fromkeys(names))


def _check_visible(environment: Environment, model: Model, ids: list[int]) -> None:
    from demo.server.searching import visible_ids

    visible = visible_ids(environment, model, ids)
    visible = set(keep_visible(environment, model, [record for record in ids if record in visible]))
    hidden = sorted(set(ids) - visible)
    if not hidden or not visible_ids(environment.sudo(), model, hidden):
        return
    title = access.model_title(environment, model.name)
    raise AccessError(
        "Uh-oh! Looks like you have stumbled upon some top-secret records.\n\n"
        f"Sorry, user (id={environment.user_id}) doesn't have 'read' access to:\n- {title} ({model.name})\n\n"
        "If you really, really need access, perhaps you can win over your friendly administrator with a batch of "
        "freshly baked cookies."
    )


def _records(
    environment: Environment, model: Model, ids: list[int], wanted: list[str], *, load: str | None, everything: bool
) -> list[dict[str, Any]]:
    fields = [model.fields[name] for name in wanted if name != "id"]
    stored = [field for field in fields if has_expression(environment, field) and not field.is_many]
    rows = _select(environment, model, ids, stored)
    order = {record: place for place, record in enumerate(dict.fromkeys(ids))}
    rows.sort(key=lambda row: order[row[0]])
    found = [row[0] for row in rows]
    columns: dict[str, list[Any]] = {"id": found}
    for position, field in enumerate(stored, start=1):
        columns[field.name] = _converted(environment, field, [row[position] for row in rows], load)
    for field in fields:
        if field.name not in columns:
            columns[field.name] = _computed(environment, model, found, field, load=load, everything=everything)
    keys = ["id", *(name for name in wanted if name != "id")]
    by_id = dict(
        zip(
            found,
            (dict(zip(keys, row, strict=True)) for row in zip(*(columns[k] for k in keys), strict=True)),
            strict=True,
        )
    )
    return [by_id[record] for record in ids if record in by_id]


def _select(environment: Environment, model: Model, ids: list[int], fields: list[Field]) -> list[tuple[Any, ...]]:
    if not ids:
        return []
    alias = model.table
    parts = [column(alias, "id")]
    for field in fields:
        parts.append(expression(environment, model, alias, field) + _CASTS.get(field.type, ""))
    query = "SELECT " + joined(parts, ", ") + " FROM " + table(model, alias)
    return environment.rows(query + " WHERE " + column(alias, "id") + Fragment(" = ANY(%s)", (ids,)))


# Cutting and casting in SQL is several times quicker than in Python; the fraction of a second never leaves the server.
_CASTS = {"datetime": "::timestamp(6)::text", "date": "::text", "float": "::float8", "monetary": "::float8"}


def _converted(environment: Environment, field: Field, values: list[Any], load: str | None) -> list[Any]:
    if field.type == "many2one":
        return _many2one(environment, field, values, load)
    convert = _CONVERTERS.get(field.type)
    if convert is not None:
        return [convert(content) for content in values]
    if field.type == "binary":
        return [_binary(environment, content) for content in values]
    return [False if content is None else content for content in values]


def _seconds(content: str | None) -> Any:
    return content[:19] if content else False


def _number(content: Any) -> Any:
    return content if content is not None else 0


_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "datetime": _seconds,
    "integer": _number,
    "many2one_reference": _number,
    "float": lambda content: content if content is not None else 0.0,
    "monetary": lambda content: content if content is not None else 0.0,
    "boolean": bool,
    "json": lambda content: False if content is None else content,
    "properties": lambda content: _properties(content),
}


def _properties(content: Any) -> list[Any]:
    if content:
        raise NotServed("a properties field with values in it.")
    return []


def _binary(environment: Environment, content: Any) -> Any:
    if content is None:
        return False
    raw = bytes(content)
    if environment.context.get("bin_size"):
        return human_size(len(raw))
    return raw.decode("ascii") if raw.isascii() else base64.b64encode(raw).decode()


def human_size(size: float) -> str:
    """A size as Odoo writes it when the context asks for sizes instead of contents."""
    units = ("bytes", "Kb", "Mb", "Gb", "Tb")
    place = 0
    while size >= 1024 and place < len(units) - 1:
        size, place = size / 1024, place + 1
    return f"{size:0.2f} {units[place]}"


def _many2one(environment: Environment, field: Field, values: list[Any], load: str | None) -> list[Any]:
    if load != "_classic_read":
        return [content or False for content in values]
    names = naming.names(environment, field.relation or "", {content for content in values if content})
    return [[content, names[content]] if content in names else False for content in values]


def _computed(
    environment: Environment, model: Model, ids: list[int], field: Field, *, load: str | None, everything: bool
) -> list[Any]:
    """A field without a column of its own."""
    if field.name == "display_name":
        names = naming.names(environment, model.name, set(ids))
        return [names.get(record, False) for record in ids]
    if model.name == "res.users" and field.name in _EMPTY_TEXTS:
        return [""] * len(ids)
    if field.name == "__last_update" and "write_date" in model.fields:
        return [content or False for content in raw_values(environment, model, ids, "write_date")]
    if model.name == "ir.model.data" and field.name == "complete_name":
        rows = _records(environment, model, ids, ["module", "name"], load=None, everything=False)
        return [f"{row['module']}.{row['name']}" if row["module"] else row["name"] for row in rows]
    if model.name == "ir.module.module" and field.name == "installed_version":
        return _versions_on_disk(environment, model, ids)
    if field.type == "binary":
        return _attached(environment, model, ids, field)
    if relations.can_read(environment, field):
        return relations.read(environment, model, ids, field)
    if field.path and field.path[0] in model.fields:
        found = _along(environment, model, ids, field)
        if found is not None:
            return _many2one(environment, field, found, load) if field.type == "many2one" else found
    if everything or environment.computed_are_empty:
        # Asked for nothing by name: the key is there, as it is on a real server, the computed value is not.
        return [[] if field.is_many else False] * len(ids)
    raise NotServed(f"{model.name}.{field.name} is computed by Odoo's code, which does not run here.")


def _versions_on_disk(environment: Environment, model: Model, ids: list[int]) -> list[Any]:
    """The version in each module's manifest; Odoo takes 1.0 of the series for one without, or without code."""
    rows = _records(environment, model, ids, ["name", "latest_version"], load=None, everything=False)
    usual = f"{environment.dialect.serie}.1.0"
    return [environment.on_disk.get(row["name"]) or row["latest_version"] or usual for row in rows]


def _along(environment: Environment, model: Model, ids: list[int], field: Field) -> list[Any] | None:
    """Follow the path of an inherited or related field; as the superuser, as Odoo does."""
    assert field.path is not None
    if not is_served(environment, model, field):
        return None
    sudo = environment.sudo()
    current: list[int | None] = list(ids)
    for name in field.path[:-1]:
        link = model.fields.get(name)
        comodel = environment.registry.models.get(link.relation or "") if link else None
        if link is None or comodel is None:
            return None
        known_ids = list({record for record in current if record})
        known = dict(zip(known_ids, raw_values(sudo, model, known_ids, name), strict=True))
        current = [_first(known.get(record)) if record else None for record in current]
        model = comodel
    last = model.fields[field.path[-1]]
    wanted = list({record for record in current if record})
    found = _records(sudo, model, wanted, [last.name], load=None, everything=False)
    rows = {row["id"]: row[last.name] for row in found}
    empty: Any = [] if last.is_many else _CONVERTERS.get(last.type, bool)(None)
    return [rows.get(record, empty) for record in current]


def is_served(environment: Environment, model: Model, field: Field, seen: frozenset[str] = frozenset()) -> bool:
    """Say whether the tables hold a field's value, maybe by way of other models."""
    if has_expression(environment, field) or field.name in ("id", "display_name") or field.type == "binary":
        return True
    if relations.can_read(environment, field):
        return True
    key = f"{model.name}.{field.name}"
    if not field.path or key in seen:
        return False
    comodel = model
    for name in field.path[:-1]:
        link = comodel.fields.get(name)
        other = environment.registry.models.get(link.relation or "") if link else None
        if link is None or other is None or not is_served(environment, comodel, link, seen | {key}):
            return False
        comodel = other
    last = comodel.fields.get(field.path[-1])
    return last is not None and is_served(environment, comodel, last, seen | {key})


def _first(found: Any) -> int | None:
    return (found[0] if found else None) if isinstance(found, list) else (found or None)


def _attached(environment: Environment, model: Model, ids: list[int], field: Field) -> list[Any]:
    if not environment.registry.has("ir_attachment", "res_field", "file_size"):
        return [False] * len(ids)
    data = "db_datas" if environment.registry.has("ir_attachment", "db_datas") else "null::bytea"
    query = f"select res_id, file_size, {data} from ir_attachment where res_model = %s and res_field = %s"
    query += " and res_id = any(%s)"
    found = {row[0]: row[1:] for row in environment.rows(Fragment(query, (model.name, field.name, ids)))}
    by_size = environment.context.get("bin_size")
    values: dict[int, Any] = defaultdict(bool)
    for record, (size, content) in found.items():
        values[record] = human_size(size or 0) if by_size else base64.b64encode(bytes(content or b"")).decode()
    return [values[record] or False for record in ids]


def raw_values(environment: Environment, model: Model, ids: list[int], name: str) -> list[Any]:
    """One field of rows that are known to exist, bare ids for relations; in the order of `ids`."""
    rows = {row["id"]: row[name] for row in _records(environment, model, ids, [name], load=None, everything=False)}
    return [rows.get(record, False) for record in ids]
