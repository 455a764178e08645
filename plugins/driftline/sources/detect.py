"""Which protocol and which version of Odoo answers at an address, before anybody logs in.

From 19.0 on, Odoo says it at `/web/version` and speaks JSON-2; before, at `/jsonrpc`, service `common`.
"""

from __future__ import annotations

from typing import Any

import httpx

from driftline.addresses import HttpAddress
from driftline.catalogue import OdooVersion
from driftline.errors import SourceAccessDenied, SourceError, SourceShapeError, SourceUnavailable
from driftline.registry import Client
from driftline.sources.calls import Answer, first_line

JSON2_SINCE = OdooVersion(19)
_QUESTION = {"jsonrpc": "2.0", "method": "call", "params": {"service": "common", "method": "version", "args": []}}


def detect(client: Client, address: HttpAddress) -> tuple[str, OdooVersion]:
    """Find transport and version; what `clients.yml` pins must agree, and holds where the server does not say.

    Raises SourceUnavailable where nothing answers, SourceShapeError where no supported Odoo does.
    """
    try:
        version = _ask(client, address)
    except (SourceShapeError, SourceAccessDenied):
        # A proxy may hide both addresses; what is declared is then all there is to go by.
        if client.version is None or client.transport is None:
            raise
        version = client.version
    if client.version not in (None, version):
        raise SourceShapeError(
            f"clients.yml says Odoo {client.version}, the server says {version}.",
            client_id=client.client_id,
            hint="After an upgrade, change odoo_version in clients.yml.",
        )
    transport = client.transport or ("json2" if version >= JSON2_SINCE else "rpc")
    if transport == "json2" and version < JSON2_SINCE:
        raise SourceShapeError(
            f"Odoo {version} does not speak JSON-2.", client_id=client.client_id, hint="Set transport: rpc."
        )
    return transport, version


def _ask(client: Client, address: HttpAddress) -> OdooVersion:
    limits = client.limits
    try:
        with httpx.Client(base_url=address.base_url, timeout=limits.connect_timeout_seconds) as http:
            said = _answer(http.get("/web/version"))
            if not said:
                said = _answer(http.post("/jsonrpc", json=_QUESTION))
                said = said.get("result") or {}
    except httpx.HTTPError as error:
        raise SourceUnavailable(
            f"its server cannot be reached: {first_line(str(error).encode())}.",
            client_id=client.client_id,
            hint="Check that it is up and that its connection names the right host and port.",
        ) from None
    except SourceError as error:
        error.client_id = client.client_id
        raise
    text = str(said.get("server_serie") or said.get("version") or "nothing")
    try:
        return OdooVersion.parse(text)
    except ValueError as error:
        raise SourceShapeError(
            f"version of its server: {error}.",
            client_id=client.client_id,
            hint="Check that its connection names an Odoo; pin odoo_version and transport where a proxy hides it.",
        ) from None


def _answer(response: httpx.Response) -> dict[str, Any]:
    """Give the JSON object of an answer; empty where the server has nothing at that address."""
    if response.status_code == 404:
        return {}
    answer = Answer(response.status_code, response.headers, response.content)
    if response.status_code != 200:
        raise answer.refusal()
    content = answer.json()
    return content if isinstance(content, dict) else {}
