"""`POST /json/2/<model>/<method>` of 19 and later: bearer key, named arguments, errors as HTTP statuses."""

from __future__ import annotations

import json
from typing import Any

from demo.server import methods, rpc, signatures
from demo.server.errors import AccessError, BuiltinError, HttpError, OdooError
from demo.server.faults import ExpiredKey, Fault
from demo.server.service import Service
from demo.server.wire import HTML, Call, Request, Response

_NO_DATABASE = (
    "<!DOCTYPE html>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>No database is selected and the"
    " requested URL was not found in the server-wide controllers.</p>\n<p>Please verify the hostname,"
    " <a href=/web/login>login</a> and try again.</p>\n\n<!-- Alternatively, use the X-Odoo-Database header. -->\n"
)


def describe(request: Request) -> Call:
    """Read model and method from the path, the arguments from the body."""
    parts = request.path.split("/")[3:]
    model, method = (parts[0], parts[1]) if len(parts) == 2 else (None, None)
    if request.content_type != "application/json":
        return Call("json2", request.path, model, method, problem="content type")
    try:
        return Call("json2", request.path, model, method, content=json.loads(request.body or b"{}"))
    except ValueError as error:
        return Call("json2", request.path, model, method, problem=str(error))


def answer(service: Service, request: Request, call: Call, faults: list[Fault]) -> Response:
    wanted = request.headers.get("x-odoo-database")
    if wanted and wanted != service.database:
        return Response(404, _NO_DATABASE.encode(), HTML)
    if request.verb == "POST" and call.model and call.problem == "content type":
        return rpc.wrong_content_type(service, "/json/2/&lt;__model__&gt;/&lt;__method__&gt;", "json2")
    try:
        result = _run(service, request, call, faults)
    except Exception as raised:  # noqa: BLE001 - whatever goes wrong is answered, as Odoo does
        error = rpc.as_odoo_error(raised)
        headers = {"WWW-Authenticate": "Bearer "} if error.http_status == 401 else {}
        return Response(error.http_status, json.dumps(rpc.error_data(error)).encode(), headers=headers)
    return Response(200, json.dumps(result).encode())


def _run(service: Service, request: Request, call: Call, faults: list[Fault]) -> Any:
    if request.verb != "POST" or call.model is None or call.method is None:
        raise HttpError(404, "NotFound", "Did you mean POST /json/2/<model>/<method>?")
    user_id = _user(service, request, faults)
    if call.problem:
        raise HttpError(400, "BadRequest", f"could not parse the body as json: {call.problem}")
    if not isinstance(call.content, dict):
        raise HttpError(400, "BadRequest", "the body must be a json object")
    named = dict(call.content)
    ids, context = named.pop("ids", []), named.pop("context", {})
    if call.model not in service.registry.models and not _is_known(service, user_id, call.model):
        raise HttpError(404, "NotFound", f"the model {call.model!r} does not exist")
    _check_method(service, call.model, call.method)
    if ids and call.method in signatures.MODEL_METHODS:
        raise HttpError(422, "UnprocessableEntity", f"cannot call {call.model}.{call.method} with ids")
    try:
        bound = signatures.bind(call.method, [], named, service.dialect)
    except TypeError as error:
        raise BuiltinError("TypeError", str(error)) from None
    with service.acting(user_id, context, faults, call.model) as environment:
        model = methods.find_model(environment, call.model)
        return methods.run(environment, model, call.method, methods.record_ids(ids), bound)


def _is_known(service: Service, user_id: int, name: str) -> bool:
    """Some models are known to the database only by name; what is wrong with them is said later."""
    with service.acting(user_id, {}, [], name) as environment:
        try:
            methods.find_model(environment, name)
        except OdooError as error:
            return error.http_status != 422
    return True


def _user(service: Service, request: Request, faults: list[Fault]) -> int:
    kind, _, key = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not key.strip():
        text = "User not authenticated, use an API Key with a Bearer Authorization header."
        raise HttpError(401, "Unauthorized", text)
    login = service.accounts.login_of_key(key.strip())
    user_id = service.user_id(login) if login else None
    if user_id is None or any(isinstance(fault, ExpiredKey) for fault in faults):
        raise HttpError(401, "Unauthorized", "Invalid apikey")
    return user_id


def _check_method(service: Service, model: str, method: str) -> None:
    if signatures.is_private(method, service.dialect):
        raise AccessError(service.dialect.private_method(model, method))
    if not signatures.has_method(model, method, service.dialect):
        raise HttpError(404, "NotFound", service.dialect.missing_method(model, method))
