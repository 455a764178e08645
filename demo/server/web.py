"""The web client's routes that extractors use: login with a session cookie, `call_kw`, versions."""

from __future__ import annotations

import json
from typing import Any

from demo.server import rpc
from demo.server.errors import AccessDenied, AccessError, BuiltinError, SessionExpired
from demo.server.faults import Fault, LostSession, WrongPassword
from demo.server.service import Service
from demo.server.wire import HTML, Call, Request, Response, html_page

_COOKIE = "session_id"


def describe(request: Request) -> Call:
    """Read a request to `/web`; those of the web client are JSON-RPC without a service."""
    if request.verb != "POST":
        return Call("web", request.path)
    if request.content_type != "application/json":
        return Call("web", request.path, problem="content type")
    try:
        content = json.loads(request.body)
        parameters = content.get("params") or {}
    except (ValueError, AttributeError):
        return Call("web", request.path, problem="json")
    return Call("web", request.path, parameters.get("model"), parameters.get("method"), content)


def answer(service: Service, request: Request, call: Call, faults: list[Fault]) -> Response:
    if request.verb == "GET":
        return _get(service, request.path)
    if call.problem == "content type":
        return rpc.wrong_content_type(service, request.path, "json" if service.dialect.major <= 18 else "jsonrpc")
    if call.problem:
        return Response(400, b"Invalid JSON data", HTML)
    parameters = call.content.get("params") or {}
    request_id = call.content.get("id")
    if request.path == "/web/session/authenticate":
        return _authenticate(service, request, parameters, request_id, faults)
    if request.path == "/web/webclient/version_info":
        return rpc.json_response(service, request_id, service.version)
    if request.path == "/web/session/destroy":
        service.accounts.close_session(request.cookie(_COOKIE))
        return rpc.json_response(service, request_id, lambda: None)

    def run() -> Any:
        session = service.accounts.session(request.cookie(_COOKIE))
        if session is None or any(isinstance(fault, LostSession) for fault in faults):
            raise SessionExpired
        if request.path == "/web/session/get_session_info":
            return _session_info(service, session.user_id, session.login)
        model, method = parameters.get("model"), parameters.get("method")
        if model not in service.registry.models:
            raise BuiltinError("KeyError", repr(model))
        arguments, named = parameters.get("args") or [], parameters.get("kwargs") or {}
        return service.run(session.user_id, str(model), str(method), arguments, named, faults)

    if request.path == "/web/session/get_session_info" or request.path.startswith("/web/dataset/call_kw"):
        return rpc.json_response(service, request_id, run)
    return not_found()


def _get(service: Service, path: str) -> Response:
    if path == "/web/health":
        return Response(200, b'{"status": "pass"}')
    if path in ("/web/version", "/json/version") and service.dialect.has_json2:
        version = {"version_info": service.dialect.version_info[:5], "version": service.server_version}
        return Response(200, json.dumps(version).encode())
    return not_found()


def not_found() -> Response:
    text = "The requested URL was not found on the server. If you entered the URL manually please check your spelling"
    text += " and try again."
    return html_page(404, "Not Found", text)


def _authenticate(
    service: Service, request: Request, parameters: dict[str, Any], request_id: Any, faults: list[Fault]
) -> Response:
    headers: dict[str, str] = {}

    def run() -> Any:
        login, password = str(parameters.get("login")), parameters.get("password")
        if parameters.get("db") != service.database:
            raise AccessError("Database not found.")
        cooldown = service.accounts.cooldown
        cooldown.check(request.address)
        refused = any(isinstance(fault, WrongPassword) for fault in faults)
        user_id = service.user_id(login) if service.accounts.has_password(login, password, keys_too=False) else None
        if user_id is None or refused:
            cooldown.failed(request.address)
            raise AccessDenied
        cooldown.succeeded(request.address)
        service.note_login(user_id)
        token = service.accounts.open_session(user_id, login)
        headers["Set-Cookie"] = f"{_COOKIE}={token}; HttpOnly; Max-Age=604800; Path=/"
        return _session_info(service, user_id, login)

    response = rpc.json_response(service, request_id, run)
    return Response(response.status, response.body, response.content_type, headers)


def _session_info(service: Service, user_id: int, login: str) -> dict[str, Any]:
    context = service.run(user_id, "res.users", "context_get", [], {}, [])
    user = service.run(1, "res.users", "read", [[user_id], ["name", "partner_id", "company_id"]], {}, [])[0]
    partner = user["partner_id"] or [False, False]
    company = user["company_id"] or [False, False]
    return {
        "uid": user_id,
        "is_system": user_id in (1, 2),
        "is_admin": user_id in (1, 2),
        "user_context": context,
        "db": service.database,
        "server_version": service.server_version,
        "server_version_info": service.dialect.version_info,
        "name": user["name"],
        "username": login,
        "partner_display_name": partner[1],
        "partner_id": partner[0],
        "company_id": company[0],
        "user_companies": {"current_company": company[0]},
    }
