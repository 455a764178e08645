"""The recorded calls over `/jsonrpc` and `/xmlrpc`, as requests again.

A recording keeps the first six parts of a call: method and arguments are reconstructed from its name and its answer.
"""

from __future__ import annotations

from typing import Any

# name -> login, model, method, positional arguments, named arguments
OBJECT_CALLS: dict[str, tuple[str, str, str, list[Any], dict[str, Any]]] = {
    "execute_wrong_password": ("admin", "res.partner", "search", [[]], {}),
    "execute_wrong_uid": ("admin", "res.partner", "search", [[]], {}),
    "execute_uid_False": ("admin", "res.partner", "search", [[]], {}),
    "execute_wrong_db": ("admin", "res.partner", "search", [[]], {}),
    "missing_model": ("admin", "no.such.model", "search", [[]], {}),
    "missing_field_read": ("admin", "res.partner", "read", [[1], ["no_such"]], {}),
    "missing_field_domain": ("admin", "res.partner", "search", [[["no_such", "=", 1]]], {}),
    "missing_field_order": ("admin", "res.partner", "search", [[]], {"order": "no_such"}),
    "bad_operator": ("admin", "res.partner", "search", [[["name", "~~", 1]]], {}),
    "bad_domain_leaf": ("admin", "res.partner", "search", [["name", "="]], {}),
    "order_nonstored": ("admin", "res.users", "search", [[]], {"order": "login_date", "limit": 2}),
    "domain_nonstored_computed": (
        "admin", "res.partner", "search", [[["contact_address", "ilike", "a"]]], {"limit": 2},
    ),
    "missing_method": ("admin", "res.partner", "no_such_method", [[1]], {}),
    "private_method": ("admin", "res.partner", "_search", [[]], {}),
    "bad_args": ("admin", "res.partner", "search", [[], 0, 1, "id", False, 5, 6], {}),
    "read_missing_record": ("admin", "res.partner", "read", [[999999], ["name"]], {}),
    "read_mixed_missing": ("admin", "res.partner", "read", [[1, 999999], ["name"]], {}),
    "no_model_access": ("demo", "ir.config_parameter", "search_read", [[], ["key"]], {}),
    "no_model_access_cron": ("demo", "ir.cron", "search", [[]], {}),
    "no_field_access_named": ("demo", "res.users", "read", [[2], ["totp_secret"]], {}),
    "no_field_access_admin_totp": ("admin", "res.users", "read", [[2], ["totp_secret"]], {}),
    "field_group_restricted_demo": ("demo", "hr.employee", "search_read", [[], ["name", "ssnid"]], {"limit": 1}),
    "no_rule_access_record": ("demo", "helpdesk.ticket", "search_read", [[], ["name"]], {"limit": 2}),
    "write_no_access": ("demo", "res.company", "write", [[1], {"name": "x"}], {}),
    "abstract_model": ("admin", "mail.thread", "search", [[]], {}),
}  # fmt: skip


def service_call(name: str, recorded: list[Any]) -> tuple[str, str, list[Any]] | None:
    """(service, method, arguments) of a recorded call; None for one that cannot be made again."""
    service, method, *arguments = recorded
    if service != "object":
        return service, method, arguments
    if name not in OBJECT_CALLS:
        return None
    _login, model, name_of_method, positional, named = OBJECT_CALLS[name]
    return service, method, [*arguments[:3], model, name_of_method, positional, named]
