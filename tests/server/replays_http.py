"""The recorded requests that are more than a call: JSON-2, broken bodies, sessions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from server.clients import Caller

Request = Callable[[Caller], httpx.Response]
_KEY = "bearer admin-key"


def _json2(model: str, method: str, **named: Any) -> Request:
    return lambda caller: caller.json2(model, method, **named)


def _raw(verb: str, path: str, content: bytes = b"", **headers: str) -> Request:
    return lambda caller: caller.raw(verb, path, content, **headers)


JSON2: dict[str, Request] = {
    "ok_search_read": _json2(
        "res.partner",
        "search_read",
        domain=[["id", "in", [1, 3]]],
        fields=["name", "country_id", "write_date", "parent_id", "category_id"],
        order="id",
    ),
    "ok_load_none": _json2(
        "res.partner", "search_read", domain=[], fields=["name", "country_id"], limit=1, load=None
    ),
    "ok_read_ids": _json2("res.partner", "read", ids=[1, 3], fields=["name"]),
    "ok_context": _json2("helpdesk.ticket.stage", "read", ids=[1], fields=["name"], context={"lang": "fr_FR"}),
    "ok_fields_get": _json2("res.users.log", "fields_get", attributes=["type", "store"]),
    "positional_args_not_allowed": _json2("res.partner", "search_read", args=[[]]),
    "no_key": _json2("res.partner", "search_count", domain=[], key=None),
    "bad_key": _json2("res.partner", "search_count", domain=[], key="not-a-key"),
    "password_as_key": _json2("res.partner", "search_count", domain=[], key="admin"),
    "wrong_db": _raw(
        "POST", "/json/2/res.partner/search_count", b'{"domain": []}',
        Authorization=_KEY, X_Odoo_Database="nodb", Content_Type="application/json",
    ),
    "missing_model": _json2("no.such", "search_count", domain=[]),
    "missing_method": _json2("res.partner", "nope"),
    "private_method": _json2("res.partner", "_search", domain=[]),
    "missing_field": _json2("res.partner", "read", ids=[1], fields=["nope"]),
    "missing_field_domain": _json2("res.partner", "search", domain=[["nope", "=", 1]]),
    "nonstored_domain": _json2("res.users", "search", domain=[["password", "=", "x"]]),
    "unknown_kwarg": _json2("res.partner", "search_read", domain=[], nope=1),
    "missing_arg": _json2("res.partner", "read"),
    "ids_missing_record": _json2("res.partner", "read", ids=[999999], fields=["name"]),
    "ids_on_model_method": _json2("res.partner", "search_count", ids=[1], domain=[]),
    "access_model_demo": _json2("ir.config_parameter", "search_read", domain=[], key="demo-key"),
    "access_field_demo": _json2("res.users", "read", ids=[2], fields=["totp_secret"], key="demo-key"),
    "bad_json": _raw(
        "POST", "/json/2/res.partner/search", b"{nope", Authorization=_KEY, Content_Type="application/json"
    ),
    "wrong_ct": _raw("POST", "/json/2/res.partner/search", b"domain=x", Authorization=_KEY, Content_Type="text/plain"),
    "get_method": _raw("GET", "/json/2/res.partner/search", Authorization=_KEY),
    "short_path": _raw("POST", "/json/2/res.partner", b"{}", Authorization=_KEY, Content_Type="application/json"),
    "method_none": _json2("res.partner", "flush_recordset"),
    "version_json": _raw("GET", "/json/version"),
    "web_version": _raw("GET", "/web/version"),
}  # fmt: skip

PLAIN: dict[str, Request] = {
    "jsonrpc_malformed": _raw("POST", "/jsonrpc", b"{nope", Content_Type="application/json"),
    "jsonrpc_wrong_ct": _raw("POST", "/jsonrpc", b"{}", Content_Type="text/plain"),
    "xmlrpc_malformed": _raw("POST", "/xmlrpc/2/common", b"<nope", Content_Type="text/xml"),
    "web_call_kw_no_session": lambda caller: caller.http.post(
        "/web/dataset/call_kw",
        json={"jsonrpc": "2.0", "params": {"model": "res.partner", "method": "search", "args": [[]], "kwargs": {}}},
    ),
    "web_session_authenticate_bad": lambda caller: caller.web(
        "/web/session/authenticate", db=caller.server.database, login="admin", password="nope"
    ),
}
