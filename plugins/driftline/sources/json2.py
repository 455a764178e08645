"""JSON-2, Odoo's API from 19.0: `POST /json/2/<model>/<method>`, a bearer key, named arguments."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx

from driftline.catalogue import OdooVersion
from driftline.errors import SourceAccessDenied, SourceShapeError, SourceUnavailable
from driftline.sources.base import Footprint
from driftline.sources.calls import Answer, Budget, ModelForbidden, PageTooLarge, first_line, odoo_error


class Json2Caller:
    """See `sources.calls.Caller`. The key is the login: there is no session to lose."""

    transport = "json2"
    user_id: int | None = None

    def __init__(
        self, base_url: str, *, database: str, key: str, version: OdooVersion, timeout_seconds: float, budget: Budget,
        footprint: Footprint | None = None,
    ) -> None:  # fmt: skip
        self.version = version
        self.footprint = footprint or Footprint()
        self._budget = budget
        self._timeout_seconds = timeout_seconds
        self._server_time: datetime | None = None
        self._http = httpx.Client(
            base_url=base_url,
            headers={"Authorization": f"bearer {key}", "X-Odoo-Database": database, "User-Agent": "driftline"},
            follow_redirects=False,
        )

    def call(self, model: str, method: str, arguments: Mapping[str, Any]) -> Any:
        answer = self._post(f"/json/2/{model}/{method}", arguments)
        if answer.status == 200:
            return answer.json()
        raise self._error(answer)

    def server_time(self) -> datetime | None:
        return self._server_time

    def close(self) -> None:
        self._http.close()

    def _post(self, path: str, arguments: Mapping[str, Any]) -> Answer:
        with self._budget.turn():
            started = time.monotonic()
            try:
                patience = self._budget.patience(self._timeout_seconds)
                response = self._http.post(path, json=dict(arguments), timeout=patience)
            except httpx.TimeoutException:
                raise PageTooLarge("no answer within the time limit.") from None
            except (httpx.RemoteProtocolError, httpx.ReadError):
                raise PageTooLarge("the connection was cut before the answer was complete.") from None
            except httpx.TransportError as error:
                raise SourceUnavailable(f"its server cannot be reached: {first_line(str(error).encode())}.") from None
            finally:
                self.footprint.add(calls=1, seconds_waited=time.monotonic() - started)
        answer = Answer(response.status_code, response.headers, response.content)
        self.footprint.add(bytes_received=len(answer.body))
        self._server_time = answer.server_time() or self._server_time
        return answer

    def _error(self, answer: Answer) -> Exception:
        if answer.status in {408, 413, 429, 502, 503, 504} or "json" not in answer.headers.get("content-type", ""):
            return answer.refusal()
        body = answer.json()
        name, message = str(body.get("name", "")), str(body.get("message", ""))
        match answer.status:
            case 401:
                return SourceAccessDenied(
                    f"Odoo refused the key: {first_line(message.encode())}.",
                    hint="JSON-2 wants an API key, not a password; keys of people who are no administrators expire.",
                )
            case 403:
                return ModelForbidden(f"the account may not read it: {first_line(message.encode())}.")
            case 404:
                return SourceShapeError(f"Odoo has no such model, method or database: {first_line(message.encode())}.")
            case _:
                return odoo_error(name, message)
