"""Which protocol, version and build of Odoo answers at an address, before anybody logs in.

From 19.0 on, Odoo says it at `/web/version` and speaks JSON-2; before, at `/jsonrpc`, service `common`.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from driftline.addresses import HttpAddress
from driftline.catalogue import OdooVersion
from driftline.errors import SourceAccessDenied, SourceError, SourceShapeError, SourceUnavailable
from driftline.registry import Client
from driftline.sources.base import Footprint
from driftline.sources.calls import Answer, Budget, first_line, with_retries

JSON2_SINCE = OdooVersion(19)
_QUESTION = {"jsonrpc": "2.0", "method": "call", "params": {"service": "common", "method": "version", "args": []}}
# As 17.0-20240709, or 17.0+e-20240709 with Enterprise's code; a server that runs from a checkout says 17.0 only.
_SERIES_AND_BUILD = re.compile(r"(?P<series>[^+\s]+?)(?:\+e)?(?P<day>-\d{8})?\Z")


@dataclass(frozen=True)
class Detected:
    """What answers, and what asking cost it. `build` is None where the server tells its series only."""

    transport: str
    version: OdooVersion
    build: str | None
    footprint: Footprint = field(default_factory=Footprint, compare=False)


def detect(client: Client, address: HttpAddress, *, budget: Budget) -> Detected:
    """Find transport, version and build; what `clients.yml` pins must agree, and holds where the server does not say.

    What passes is asked again. Raises SourceUnavailable where nothing answers, SourceShapeError where no supported Odoo
    does.
    """
    footprint = Footprint()
    try:
        said = with_retries(lambda: _ask(client, address, budget, footprint), footprint=footprint)
        version, build = _read(said, client)
    except (SourceShapeError, SourceAccessDenied):
        # A proxy may hide both addresses; what is declared is then all there is to go by.
        if client.version is None or client.transport is None:
            raise
        version, build = client.version, None
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
    return Detected(transport, version, build, footprint)


def _ask(client: Client, address: HttpAddress, budget: Budget, footprint: Footprint) -> dict[str, Any]:
    limit = budget.patience(client.limits.connect_timeout_seconds)
    try:
        with httpx.Client(base_url=address.base_url, timeout=limit) as http:
            said = _send(http.build_request("GET", "/web/version"), http, budget, footprint)
            if not said:
                question = http.build_request("POST", "/jsonrpc", json=_QUESTION)
                said = _send(question, http, budget, footprint).get("result") or {}
    except httpx.HTTPError as error:
        raise SourceUnavailable(
            f"its server cannot be reached: {first_line(str(error).encode())}.",
            client_id=client.client_id,
            hint="Check that it is up and that its connection names the right host and port.",
        ) from None
    except SourceError as error:
        error.client_id = client.client_id
        raise
    return said if isinstance(said, dict) else {}


def _send(request: httpx.Request, http: httpx.Client, budget: Budget, footprint: Footprint) -> dict[str, Any]:
    """Give the JSON object of an answer; empty where the server has nothing at that address."""
    with budget.turn():
        started = time.monotonic()
        try:
            response = http.send(request)
        finally:
            footprint.add(calls=1, seconds_waited=time.monotonic() - started)
    footprint.add(bytes_received=len(response.content))
    if response.status_code == 404:
        return {}
    answer = Answer(response.status_code, response.headers, response.content)
    if response.status_code != 200:
        raise answer.refusal()
    content = answer.json()
    return content if isinstance(content, dict) else {}


def _read(said: dict[str, Any], client: Client) -> tuple[OdooVersion, str | None]:
    text = str(said.get("server_version") or said.get("version") or said.get("server_serie") or "nothing")
    match = _SERIES_AND_BUILD.match(text)
    try:
        version = OdooVersion.parse(str(said.get("server_serie") or (match["series"] if match else text)))
    except ValueError as error:
        raise SourceShapeError(
            f"version of its server: {error}.",
            client_id=client.client_id,
            hint="Check that its connection names an Odoo; pin odoo_version and transport where a proxy hides it.",
        ) from None
    return version, f"{version}{match['day']}" if match and match["day"] else None
