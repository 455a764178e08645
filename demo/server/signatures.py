"""The public methods of every model, with Odoo's own signatures: a wrong call fails with Python's own words.

Each method returns its bound arguments; what it does is in `methods`. The class is called as Odoo's is: its name is
part of the message: "BaseModel.search() takes from 2 to 5 positional arguments but 8 were given".
"""

from __future__ import annotations

from typing import Any

from demo.server.versions import Dialect


class BaseModel:
    """Methods of 17 and later; `since` and `until` below say which versions have which."""

    def search(self, domain, offset=0, limit=None, order=None):  # type: ignore[no-untyped-def]
        return locals()

    def search_count(self, domain, limit=None):  # type: ignore[no-untyped-def]
        return locals()

    def search_read(self, domain=None, fields=None, offset=0, limit=None, order=None, **read_kwargs):  # type: ignore[no-untyped-def]
        return locals()

    def read(self, fields=None, load="_classic_read"):  # type: ignore[no-untyped-def]
        return locals()

    def _read_format(self, fnames=None, load="_classic_read"):  # type: ignore[no-untyped-def]
        return locals()

    def fields_get(self, allfields=None, attributes=None):  # type: ignore[no-untyped-def]
        return locals()

    def read_group(self, domain, fields, groupby, offset=0, limit=None, orderby=False, lazy=True):  # type: ignore[no-untyped-def]
        return locals()

    def formatted_read_group(self, domain, groupby=(), aggregates=(), having=(), offset=0, limit=None, order=None):  # type: ignore[no-untyped-def]
        return locals()

    def name_search(self, name="", args=None, operator="ilike", limit=100):  # type: ignore[no-untyped-def]
        return locals()

    def name_get(self):  # type: ignore[no-untyped-def]
        return locals()

    def check_access_rights(self, operation, raise_exception=True):  # type: ignore[no-untyped-def]
        return locals()

    def check_access(self, operation):  # type: ignore[no-untyped-def]
        return locals()

    def has_access(self, operation):  # type: ignore[no-untyped-def]
        return locals()

    def exists(self):  # type: ignore[no-untyped-def]
        return locals()

    def export_data(self, fields_to_export):  # type: ignore[no-untyped-def]
        return locals()

    def context_get(self):  # type: ignore[no-untyped-def]
        return locals()

    def write(self, vals):  # type: ignore[no-untyped-def]
        return locals()

    def create(self, vals_list):  # type: ignore[no-untyped-def]
        return locals()

    def unlink(self):  # type: ignore[no-untyped-def]
        return locals()


def _search_until_16(self, domain, offset=0, limit=None, order=None, count=False):  # type: ignore[no-untyped-def]
    return locals()


def _search_until_15(self, args, offset=0, limit=None, order=None, count=False):  # type: ignore[no-untyped-def]
    bound = locals()
    bound["domain"] = bound.pop("args")
    return bound


def _search_count_until_15(self, args):  # type: ignore[no-untyped-def]
    return {"self": self, "domain": args, "limit": None}


def _name_search_since_19(self, name="", domain=None, operator="ilike", limit=100):  # type: ignore[no-untyped-def]
    bound = locals()
    bound["args"] = bound.pop("domain")
    return bound


# Methods that take no ids: the first argument is not a list of records.
MODEL_METHODS = frozenset(
    {
        "search", "search_count", "search_read", "fields_get", "read_group", "formatted_read_group", "name_search",
        "context_get", "create", "check_access_rights",
    }
)  # fmt: skip

_SINCE = {"check_access": 18, "has_access": 18, "formatted_read_group": 19}
_UNTIL = {"name_get": 17, "check_access_rights": 18, "read_group": 19}
# Methods for Odoo's own code: there, but not to be called from outside.
_PRIVATE_SINCE_18 = frozenset(
    {
        "browse", "sudo", "with_context", "with_user", "with_company", "with_env", "flush_model", "flush_recordset",
        "invalidate_model", "invalidate_recordset", "filtered", "mapped", "sorted", "modified", "search_fetch", "fetch",
        "ensure_one", "concat", "union",
    }
)  # fmt: skip


def is_private(name: str, dialect: Dialect) -> bool:
    return name.startswith("_") or (dialect.major >= 18 and name in _PRIVATE_SINCE_18)


def has_method(model: str, name: str, dialect: Dialect) -> bool:
    if name == "context_get":
        return model == "res.users"
    known = name in vars(BaseModel) and not name.startswith("_")
    return known and _SINCE.get(name, 0) <= dialect.major <= _UNTIL.get(name, 99)


def bind(name: str, arguments: list[Any], named: dict[str, Any], dialect: Dialect) -> dict[str, Any]:
    """The arguments by name; a TypeError says what Odoo's own would say."""
    function: Any = getattr(BaseModel, name)
    if name == "search" and dialect.major <= 16:
        function = _search_until_16 if dialect.major == 16 else _search_until_15
    if name == "search_count" and dialect.major <= 15:
        function = _search_count_until_15
    if name == "name_search" and dialect.major >= 19:
        function = _name_search_since_19
    bound: dict[str, Any] = function(None, *arguments, **named)
    if name == "search_read":
        bound["load"] = BaseModel._read_format(None, **bound.pop("read_kwargs"))["load"]  # type: ignore[no-untyped-call,arg-type]
    del bound["self"]
    return bound
