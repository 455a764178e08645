"""Who may do what: groups, access rows per model, groups per field. Record rules are in `rules`.

A database without `ir_model_access` (or, from 20 on, `ir_access`) restricts nobody, nor does a group it does not know.
"""

from __future__ import annotations

from demo.server.environment import SUPERUSER_ID, Environment
from demo.server.errors import AccessError
from demo.server.fragments import Fragment
from demo.server.registry import Field, Model

_DOING = {"read": "access", "write": "modify", "create": "create", "unlink": "delete"}
_LETTERS = {"read": "r", "write": "u", "create": "c", "unlink": "d"}


def group_ids(environment: Environment) -> frozenset[int]:
    """The groups a user is in; from 19 on the implied ones have to be followed."""
    found: frozenset[int] = environment.recall("groups", lambda: _read_groups(environment))
    return found


def _read_groups(environment: Environment) -> frozenset[int]:
    registry = environment.registry
    if not registry.has("res_groups_users_rel", "uid", "gid"):
        return frozenset()
    query = "select gid from res_groups_users_rel where uid = %s"
    if environment.dialect.major >= 19 and registry.has("res_groups_implied_rel", "gid", "hid"):
        query = (
            f"with recursive held as ({query}"
            " union select i.hid from held h join res_groups_implied_rel i on i.gid = h.gid) select gid from held"
        )
    return frozenset(row[0] for row in environment.rows(Fragment(query, (environment.user_id,))))


def is_in_group(environment: Environment, external_id: str) -> bool:
    """Say whether the user is in a group given as `module.name`."""
    groups: dict[str, int] = environment.recall("group names", lambda: _group_names(environment))
    if external_id == ".":
        return False
    return external_id not in groups or groups[external_id] in group_ids(environment)


def _group_names(environment: Environment) -> dict[str, int]:
    if not environment.registry.has("ir_model_data", "module", "name", "model", "res_id"):
        return {}
    query = "select module || '.' || name, res_id from ir_model_data where model = 'res.groups'"
    return dict(environment.rows(Fragment(query)))


def may_use_model(environment: Environment, model: str, operation: str) -> bool:
    """Say whether the access rows let the user do something with a model at all."""
    if environment.is_superuser or environment.user_id == SUPERUSER_ID:
        return True
    if model in environment.revoked:
        return False
    found: bool = environment.recall((model, operation), lambda: _look_up(environment, model, operation))
    return found


def _look_up(environment: Environment, model: str, operation: str) -> bool:
    registry = environment.registry
    groups = list(group_ids(environment)) or [0]
    if registry.has("ir_access", "model_id", "operation"):
        query = (
            "select 1 from ir_access a join ir_model m on m.id = a.model_id where a.active and m.model = %s"
            " and position(%s in a.operation) > 0 and a.group_id = any(%s) limit 1"
        )
        return bool(environment.rows(Fragment(query, (model, _LETTERS[operation], groups))))
    if not registry.has("ir_model_access", "model_id", "group_id"):
        return True
    query = (
        f"select 1 from ir_model_access a join ir_model m on m.id = a.model_id where a.active and a.perm_{operation}"
        " and m.model = %s and (a.group_id is null or a.group_id = any(%s)) limit 1"
    )
    return bool(environment.rows(Fragment(query, (model, groups))))


def sees_public_profiles(environment: Environment, model: str) -> bool:
    """Say whether somebody who may not read employees is shown their public profiles instead."""
    if model != "hr.employee" or may_use_model(environment, model, "read"):
        return False
    return model not in environment.revoked and may_use_model(environment, "hr.employee.public", "read")


def check_model(environment: Environment, model: str, operation: str) -> None:
    """Raise what Odoo raises when no access row allows an operation."""
    if may_use_model(environment, model, operation):
        return
    if operation == "read" and sees_public_profiles(environment, model):
        return
    names = _allowed_groups(environment, model, operation)
    listed = "\n".join(f"\t- {name}" for name in names)
    allowed = f"This operation is allowed for the following groups:\n{listed}"
    raise AccessError(
        f"You are not allowed to {_DOING[operation]} '{model_title(environment, model)}' ({model}) records.\n\n"
        f"{allowed if names else 'No group currently allows this operation.'}\n\n"
        "Contact your administrator to request access if necessary."
    )


def _allowed_groups(environment: Environment, model: str, operation: str) -> list[str]:
    registry = environment.registry
    if not registry.has("ir_model_access", "group_id") or not registry.has("res_groups", "name"):
        return []
    above, separator = ("privilege_id", " / ") if environment.dialect.major >= 19 else ("category_id", "/")
    other = "res_groups_privilege" if environment.dialect.major >= 19 else "ir_module_category"
    known = registry.has("res_groups", above) and registry.has(other, "name")
    name = _text(environment, "g", "res_groups")
    prefix = f"{_text(environment, 'c', other)} || '{separator}'" if known else "null"
    join = f"left join {other} c on c.id = g.{above}" if known else ""
    query = (
        f"select distinct coalesce({prefix} || {name}, {name}) from ir_model_access a"
        f" join ir_model m on m.id = a.model_id join res_groups g on g.id = a.group_id {join}"
        f" where m.model = %s and a.active and a.perm_{operation} order by 1"
    )
    return [row[0] for row in environment.rows(Fragment(query, (model,)))]


def _text(environment: Environment, alias: str, table: str) -> str:
    jsonb = environment.registry.columns[table]["name"] == "jsonb"
    return f"({alias}.name->>'en_US')" if jsonb else f"{alias}.name"


def model_title(environment: Environment, model: str) -> str:
    """The model's name for people, as messages show it."""
    if not environment.registry.has("ir_model", "model", "name"):
        return model
    query = f"select {_text(environment, 'm', 'ir_model')} from ir_model m where m.model = %s"
    rows = environment.rows(Fragment(query, (model,)))
    return str(rows[0][0]) if rows else model


def may_read_field(environment: Environment, field: Field) -> bool:
    if not field.groups or (environment.is_superuser and field.groups != "."):
        return True
    return any(is_in_group(environment, group.strip()) for group in field.groups.split(","))


def check_fields(environment: Environment, model: Model, names: list[str]) -> None:
    """Raise what Odoo raises when a field's groups keep the user out."""
    if sees_public_profiles(environment, model.name):
        _check_profile_fields(environment, [name for name in names if name not in environment.registry.profile_fields])
    refused = [name for name in names if name in model.fields and not may_read_field(environment, model.fields[name])]
    if not refused:
        return
    title = model_title(environment, model.name)
    if environment.dialect.major >= 19:
        raise AccessError(
            f'You do not have enough rights to access the field "{refused[0]}" on {title} ({model.name}). '
            "Please contact your system administrator.\n\n"
            f"Operation: read\nUser: {environment.user_id}\nGroups: {_reason(model.fields[refused[0]])}"
        )
    lines = "\n".join(f"- {name} ({_reason(model.fields[name])})" for name in refused)
    raise AccessError(
        "The requested operation can not be completed due to security restrictions.\n\n"
        f"Document type: {title} ({model.name})\nOperation: read\nUser: {environment.user_id}\nFields:\n{lines}"
    )


def _check_profile_fields(environment: Environment, private: list[str]) -> None:
    if not private:
        return
    listed = ",".join(private)
    if environment.dialect.major <= 17:
        raise AccessError(f'The fields "{listed}" you try to read is not available on the public employee profile.')
    raise AccessError(
        f"The fields “{listed}”, which you are trying to read, are not available for employee public profiles."
    )


def _reason(field: Field) -> str:
    if field.groups == ".":
        return "always forbidden"
    return "allowed for groups " + ", ".join(f"'{group.strip()}'" for group in (field.groups or "").split(","))
