"""What the public methods of a model do: from a call by name to its answer. Not here: who may log in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from demo.server import access, describing, grouping, naming, reading, searching, signatures
from demo.server.domains import Both, Condition, parse
from demo.server.environment import Environment
from demo.server.errors import AccessError, BuiltinError, NotServed, UserError
from demo.server.fragments import Fragment
from demo.server.registry import Model

Answer = Callable[[Environment, Model, list[int], dict[str, Any]], Any]


def call(environment: Environment, model_name: str, method: str, arguments: list[Any], named: dict[str, Any]) -> Any:
    """Run one public method as `execute_kw` and `call_kw` do: ids first where the method works on records."""
    dialect = environment.dialect
    if signatures.is_private(method, dialect) and dialect.major < 18:
        raise AccessError(dialect.private_method(model_name, method))
    model = find_model(environment, model_name)
    if signatures.is_private(method, dialect):
        raise AccessError(dialect.private_method(model_name, method))
    if not signatures.has_method(model_name, method, dialect):
        raise BuiltinError("AttributeError", dialect.missing_method(model_name, method))
    ids: list[int] = []
    if method not in signatures.MODEL_METHODS and arguments:
        ids, arguments = record_ids(arguments[0]), arguments[1:]
    try:
        bound = signatures.bind(method, arguments, named, dialect)
    except TypeError as error:
        raise BuiltinError("TypeError", str(error)) from None
    return run(environment, model, method, ids, bound)


def find_model(environment: Environment, name: str) -> Model:
    """A model that is served; one that the database only knows by name may at least be refused in Odoo's words."""
    model = environment.registry.models.get(name)
    if model is not None:
        return model
    query = Fragment("select 1 from ir_model where model = %s", (name,))
    if environment.registry.has("ir_model", "model") and environment.rows(query):
        access.check_model(environment, name, "read")
        raise NotServed(f"{name} has no table in this database.")
    raise UserError(f"Object {name} doesn't exist")


def record_ids(given: Any) -> list[int]:
    if isinstance(given, (list, tuple)):
        return [int(record) for record in given]
    return [int(given)] if given else []


def run(environment: Environment, model: Model, method: str, ids: list[int], bound: dict[str, Any]) -> Any:
    """Run a method with its arguments by name."""
    return _ANSWERS[method](environment, model, ids, bound)


def _search(environment: Environment, model: Model, _ids: list[int], bound: dict[str, Any]) -> Any:
    if bound.get("count"):
        return searching.count(environment, model, bound["domain"])
    paging = {name: bound[name] for name in ("offset", "limit", "order")}
    return searching.search(environment, model, bound["domain"], **paging)


def _search_count(environment: Environment, model: Model, _ids: list[int], bound: dict[str, Any]) -> Any:
    return searching.count(environment, model, bound["domain"], bound["limit"])


def _search_read(environment: Environment, model: Model, _ids: list[int], bound: dict[str, Any]) -> Any:
    paging = {name: bound[name] for name in ("offset", "limit", "order")}
    found = searching.search(environment, model, bound["domain"], **paging)
    return reading.read(environment, model, found, bound["fields"], bound["load"])


def _read(environment: Environment, model: Model, ids: list[int], bound: dict[str, Any]) -> Any:
    return reading.read(environment, model, ids, bound["fields"], bound["load"])


def _name_search(environment: Environment, model: Model, _ids: list[int], bound: dict[str, Any]) -> Any:
    node = parse(bound["args"], environment.dialect)
    if bound["name"]:
        node = Both((Condition("display_name", bound["operator"], bound["name"]), node))
    found = searching.search(environment, model, node, limit=bound["limit"])
    names = naming.names(environment, model.name, set(found))
    return [[record, names[record]] for record in found]


def _name_get(environment: Environment, model: Model, ids: list[int], _bound: dict[str, Any]) -> Any:
    names = naming.names(environment, model.name, set(ids))
    return [[record, names[record]] for record in ids if record in names]


def _check_access_rights(environment: Environment, model: Model, _ids: list[int], bound: dict[str, Any]) -> Any:
    if bound["raise_exception"]:
        access.check_model(environment, model.name, bound["operation"])
    return access.may_use_model(environment, model.name, bound["operation"])


def _has_access(environment: Environment, model: Model, ids: list[int], bound: dict[str, Any]) -> Any:
    if not access.may_use_model(environment, model.name, bound["operation"]):
        return False
    return set(ids) <= searching.visible_ids(environment, model, ids)


def _check_access(environment: Environment, model: Model, ids: list[int], bound: dict[str, Any]) -> Any:
    access.check_model(environment, model.name, bound["operation"])
    if not _has_access(environment, model, ids, bound):
        raise AccessError("Uh-oh! Looks like you have stumbled upon some top-secret records.")


def _exists(environment: Environment, model: Model, ids: list[int], _bound: dict[str, Any]) -> Any:
    found = searching.visible_ids(environment.sudo(), model, ids)
    return [record for record in ids if record in found]


def _export_data(environment: Environment, model: Model, ids: list[int], bound: dict[str, Any]) -> Any:
    names = [name.replace(".id", "id") if name == ".id" else name for name in bound["fields_to_export"]]
    rows = reading.read(environment, model, ids, names)
    return {
        "datas": [
            ["" if row[n] is False else row[n][1] if isinstance(row[n], list) else row[n] for n in names]
            for row in rows
        ]
    }


def _context_get(environment: Environment, model: Model, _ids: list[int], _bound: dict[str, Any]) -> Any:
    found = reading.read(environment.sudo(), model, [environment.user_id], ["lang", "tz"], load=None)[0]
    return {"lang": found["lang"], "tz": found["tz"], "uid": environment.user_id}


def _fields_get(environment: Environment, model: Model, _ids: list[int], bound: dict[str, Any]) -> Any:
    return describing.fields_get(environment, model, bound["allfields"], bound["attributes"])


def _read_group(environment: Environment, model: Model, _ids: list[int], bound: dict[str, Any]) -> Any:
    return grouping.read_group(environment, model, bound)


def _formatted_read_group(environment: Environment, model: Model, _ids: list[int], bound: dict[str, Any]) -> Any:
    return grouping.formatted_read_group(environment, model, bound)


def _refused(operation: str) -> Answer:
    def answer(environment: Environment, model: Model, _ids: list[int], _bound: dict[str, Any]) -> Any:
        access.check_model(environment, model.name, operation)
        raise NotServed(f"{operation} on {model.name}. It only reads; change the rows with SQL.")

    return answer


_ANSWERS: dict[str, Answer] = {
    "search": _search,
    "search_count": _search_count,
    "search_read": _search_read,
    "read": _read,
    "name_search": _name_search,
    "name_get": _name_get,
    "check_access_rights": _check_access_rights,
    "has_access": _has_access,
    "check_access": _check_access,
    "exists": _exists,
    "export_data": _export_data,
    "context_get": _context_get,
    "fields_get": _fields_get,
    "read_group": _read_group,
    "formatted_read_group": _formatted_read_group,
    "write": _refused("write"),
    "create": _refused("create"),
    "unlink": _refused("unlink"),
}
