"""Clients for tests: bare requests over the wire, so that every byte of an answer can be looked at."""

from __future__ import annotations

import json
import xmlrpc.client
from typing import Any

import httpx

from demo.server import OdooServer

USER_IDS = {"17": {"admin": 2, "demo": 6}, "19": {"admin": 2, "demo": 5}}


class RpcError(Exception):
    """An error that JSON-RPC answered with."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error['data']['name']}: {error['data']['message']}")
        self.error = error


class Caller:
    """Calls one server over every protocol it speaks."""

    def __init__(self, server: OdooServer) -> None:
        self.server = server
        self.major = server.database[-2:]
        self.http = httpx.Client(base_url=server.url, timeout=20, verify=False)

    def user_id(self, login: str) -> int:
        return USER_IDS[self.major][login]

    def jsonrpc(self, service: str, method: str, *arguments: Any) -> httpx.Response:
        params = {"service": service, "method": method, "args": list(arguments)}
        return self.http.post("/jsonrpc", json={"jsonrpc": "2.0", "method": "call", "params": params, "id": 7})

    def xmlrpc(self, service: str, method: str, *arguments: Any, root: str = "/xmlrpc/2") -> httpx.Response:
        body = xmlrpc.client.dumps(arguments, method, allow_none=True)
        return self.http.post(f"{root}/{service}", content=body, headers={"Content-Type": "text/xml"})

    def credentials(self, login: str) -> tuple[str, int, str]:
        return self.server.database, self.user_id(login), login

    def call(self, model: str, method: str, *arguments: Any, login: str = "admin", **named: Any) -> Any:
        """One `execute_kw` over JSON-RPC; the result, or RpcError."""
        response = self.jsonrpc("object", "execute_kw", *self.credentials(login), model, method, list(arguments), named)
        answer = response.json()
        if "error" in answer:
            raise RpcError(answer["error"])
        return answer.get("result")

    def outcome(self, model: str, method: str, *arguments: Any, login: str = "admin", **named: Any) -> Any:
        """The result, or the error as the recordings write it."""
        try:
            return self.call(model, method, *arguments, login=login, **named)
        except RpcError as error:
            return f"ERR {error}"

    def over_xml(self, model: str, method: str, *arguments: Any, **named: Any) -> Any:
        response = self.xmlrpc(
            "object", "execute_kw", *self.credentials("admin"), model, method, list(arguments), named
        )
        return xmlrpc.client.loads(response.content)[0][0]

    def json2(self, model: str, method: str, *, key: str | None = "admin-key", **named: Any) -> httpx.Response:
        headers = {"Authorization": f"bearer {key}"} if key else {}
        headers["X-Odoo-Database"] = self.server.database
        return self.http.post(f"/json/2/{model}/{method}", json=named, headers=headers)

    def web(self, path: str, **params: Any) -> httpx.Response:
        return self.http.post(path, json={"jsonrpc": "2.0", "method": "call", "params": params, "id": 1})

    def raw(self, verb: str, path: str, content: bytes = b"", **headers: str) -> httpx.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.request(verb, path, content=content, headers=sent)


def loaded(response: httpx.Response) -> Any:
    """A body as the recordings hold it: JSON where it is JSON, text elsewhere."""
    if response.headers["content-type"].startswith("application/json"):
        return json.loads(response.content)
    return response.text
