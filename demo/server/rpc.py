"""`/jsonrpc` and `/xmlrpc`: the services `common`, `object` and, up to 19, `db`."""

from __future__ import annotations

import json
import re
import sys
import traceback
import xmlrpc.client
from typing import Any

from demo.server.errors import AccessDenied, BuiltinError, OdooError, UserError
from demo.server.faults import Fault
from demo.server.service import Service
from demo.server.wire import HTML, XML, Call, Request, Response, html_page

# XML cannot carry them, and Odoo drops them.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def describe_json(request: Request) -> Call:
    """Read a JSON-RPC request as far as it can be read."""
    if request.content_type != "application/json":
        return Call("jsonrpc", request.path, problem="content type")
    try:
        content = json.loads(request.body)
        parameters = content.get("params") or {}
    except (ValueError, AttributeError):
        return Call("jsonrpc", request.path, problem="json")
    arguments = parameters.get("args") or []
    is_object = parameters.get("service") == "object"
    model, method = (arguments[3], arguments[4]) if is_object and len(arguments) > 4 else (None, None)
    return Call("jsonrpc", request.path, model, method or parameters.get("method"), content)


def describe_xml(request: Request) -> Call:
    """Read an XML-RPC request as far as it can be read."""
    try:
        arguments, method = xmlrpc.client.loads(request.body)
    except Exception as error:  # noqa: BLE001 - the parser lets many kinds of error through; all mean the same
        return Call("xmlrpc", request.path, problem=f"{type(error).__module__}.{type(error).__qualname__}: {error}")
    is_object = request.path.endswith("/object")
    model, name = (arguments[3], arguments[4]) if is_object and len(arguments) > 4 else (None, method)
    return Call("xmlrpc", request.path, str(model) if model else None, str(name), (list(arguments), method))


def answer_json(service: Service, call: Call, faults: list[Fault]) -> Response:
    if call.problem == "content type":
        return wrong_content_type(service, call.path, "json" if service.dialect.major <= 18 else "jsonrpc")
    if call.problem:
        return Response(400, b"Invalid JSON data", HTML)
    parameters = call.content.get("params") or {}

    def dispatched() -> Any:
        return dispatch(
            service, parameters.get("service"), parameters.get("method"), parameters.get("args") or [], faults
        )

    return json_response(service, call.content.get("id"), dispatched)


def json_response(service: Service, request_id: Any, run: Any) -> Response:
    """Run something and put its result or its error into JSON-RPC's envelope, always with status 200."""
    envelope: dict[str, Any] = {"jsonrpc": "2.0", "id": request_id}
    try:
        result = run()
    except Exception as error:  # noqa: BLE001 - whatever goes wrong is answered, as Odoo does
        envelope["error"] = json_error(service, as_odoo_error(error))
    else:
        if result is not None:
            envelope["result"] = result
    return Response(200, json.dumps(envelope).encode())


def json_error(service: Service, error: OdooError) -> dict[str, Any]:
    expired = error.name == "odoo.http.SessionExpiredException"
    return {
        "code": 100 if expired else service.dialect.rpc_error_code,
        "message": "Odoo Session Expired" if expired else "Odoo Server Error",
        "data": error_data(error),
    }


def error_data(error: OdooError) -> dict[str, Any]:
    arguments = error.arguments
    return {"name": error.name, "message": error.message, "arguments": arguments, "context": {}, "debug": trace(error)}


def trace(error: OdooError) -> str:
    said = repr(error.message) if error.short_name == "KeyError" else error.message.rstrip()
    return f"Traceback (most recent call last):\n  …\n{error.short_name}: {said}"


def as_odoo_error(error: Exception) -> OdooError:
    """An error with a name; one that this server did not mean is written to its log as well."""
    if isinstance(error, OdooError):
        return error
    traceback.print_exception(error, file=sys.stderr)
    unexpected = OdooError(str(error))
    unexpected.name = f"{type(error).__module__}.{type(error).__qualname__}"
    return unexpected


def wrong_content_type(service: Service, route: str, kind: str) -> Response:
    text = f"Request inferred type is compatible with [&#39;http&#39;] but &#39;{route}&#39; is type=&#39;{kind}&#39;."
    if service.dialect.major <= 18:
        return html_page(400, "Bad Request", text)
    text += "<br><br>Please verify the Content-Type request header and try again."
    return html_page(415, "Unsupported Media Type", text)


def answer_xml(service: Service, call: Call, faults: list[Fault]) -> Response:
    is_second = call.path.startswith("/xmlrpc/2/")
    try:
        if call.problem:
            raise OdooError(call.problem)
        arguments, method = call.content
        result = dispatch(service, call.path.rpartition("/")[2], method, arguments, faults)
        if _holds_none(result):
            raise BuiltinError("TypeError", "cannot marshal None unless allow_none is enabled")
        body = xmlrpc.client.dumps((_portable(result),), methodresponse=True)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong is answered, as Odoo does
        body = _fault(as_odoo_error(error), is_second=is_second)
    return Response(200, body.encode(), XML)


def _fault(error: OdooError, *, is_second: bool) -> str:
    """`/xmlrpc/2` numbers its faults; the old `/xmlrpc` puts words in the code."""
    code: Any = error.fault_code
    text = error.message if code != 1 else trace(error)
    if not is_second:
        code = error.message
        if isinstance(error, AccessDenied):
            code = "AccessDenied"
        elif isinstance(error, UserError):
            code, text = f"warning -- {error.name.rpartition('.')[2]}\n\n{error.message}", ""
    fault = {"faultCode": code, "faultString": _CONTROL.sub("", text)}
    written = xmlrpc.client.dumps((fault,), methodresponse=True)
    value = written[written.index("<value>") : written.rindex("</value>") + len("</value>")]
    return f"<?xml version='1.0'?>\n<methodResponse>\n<fault>\n{value}\n</fault>\n</methodResponse>\n"


def _holds_none(content: Any) -> bool:
    if isinstance(content, dict):
        return any(_holds_none(item) for item in content.values())
    return content is None or (isinstance(content, (list, tuple)) and any(_holds_none(item) for item in content))


def _portable(content: Any) -> Any:
    """Drop control characters, turn numbers beyond 32 bits into floats and keys into text."""
    if isinstance(content, str):
        return _CONTROL.sub("", content) if _CONTROL.search(content) else content
    if isinstance(content, dict):
        return {str(key): _portable(item) for key, item in content.items()}
    if isinstance(content, (list, tuple)):
        return [_portable(item) for item in content]
    if isinstance(content, int) and not isinstance(content, bool) and abs(content) > 2**31 - 1:
        return float(content)
    return content


def dispatch(service: Service, name: Any, method: Any, arguments: list[Any], faults: list[Fault]) -> Any:
    """Run `service.method(*arguments)`."""
    if name == "common":
        return _common(service, method, arguments, faults)
    if name == "object":
        return _object(service, method, arguments, faults)
    if name == "db" and service.dialect.has_db_service:
        return _database(service, method)
    raise BuiltinError("KeyError", str(name))


def _common(service: Service, method: Any, arguments: list[Any], faults: list[Fault]) -> Any:
    if method == "version":
        return service.version()
    if method in ("login", "authenticate") and len(arguments) >= 3:
        return service.log_in(arguments[0], arguments[1], arguments[2], faults)
    raise OdooError(f"Method not found: {method}")


def _object(service: Service, method: Any, arguments: list[Any], faults: list[Fault]) -> Any:
    if method not in ("execute", "execute_kw"):
        raise BuiltinError("NameError", f"Method not available {method}")
    if len(arguments) < 5:
        raise BuiltinError("TypeError", f"{method}() missing required positional arguments")
    database, user_id, password, model, name, *rest = arguments
    if method == "execute":
        return service.execute((database, user_id, password), model, name, rest, {}, faults)
    positional = rest[0] if rest else []
    named = rest[1] if len(rest) > 1 and rest[1] else {}
    return service.execute((database, user_id, password), model, name, positional or [], named, faults)


def _database(service: Service, method: Any) -> Any:
    if method == "list":
        return [service.database]
    if method == "server_version":
        return service.server_version
    raise OdooError(f"Method not found: {method}")
