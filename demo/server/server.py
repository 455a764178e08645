"""The server as tests and benchmarks hold it: start, address, faults, figures, stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from demo.server.accounts import Accounts, Cooldown
from demo.server.faults import Faults
from demo.server.listener import Listener
from demo.server.service import Service
from demo.server.versions import dialect


class OdooServer:
    """One database behind Odoo's protocols, on a loopback port.

    `users` maps logins to passwords, `api_keys` keys to logins. `database` is the name clients must give, by default
    the URL's. `hidden` maps models to a domain of rows that only the superuser sees, beside the tables' rules.
    `computed_are_empty` answers False for a field that only Odoo's code could compute, instead of an error: for clients
    that name every field there is, as odoorpc does for the attributes of a record. `on_disk` maps modules to the
    version of their code, where that is not the installed one. `clock_offset_seconds`, which may be
    set later, too, is how far the machine's clock is ahead: in the `Date` header and in what a login leaves behind.
    """

    def __init__(
        self,
        database_url: str,
        *,
        version: str,
        users: Mapping[str, str],
        api_keys: Mapping[str, str] | None = None,
        database: str | None = None,
        server_version: str | None = None,
        hidden: Mapping[str, list[Any]] | None = None,
        computed_are_empty: bool = False,
        on_disk: Mapping[str, str] | None = None,
        faults: Faults | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Callable[[], float] = time.monotonic,
        is_talkative: bool = False,
        clock_offset_seconds: float = 0.0,
    ) -> None:
        self.accounts = Accounts(users, api_keys or {}, Cooldown(clock=clock))
        self.faults = faults or Faults()
        self._service = Service(
            database_url,
            dialect=dialect(version),
            accounts=self.accounts,
            database=database,
            server_version=server_version,
            hidden=hidden,
            computed_are_empty=computed_are_empty,
            on_disk=on_disk,
        )
        self._service.clock_offset_seconds = clock_offset_seconds
        self._listener = Listener((host, port), self._service, self.faults, is_talkative=is_talkative)
        self._thread = threading.Thread(
            target=self._listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self.host = host
        self.port = int(self._listener.server_address[1])

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def on_disk(self) -> dict[str, str]:
        """The modules whose code on disk has another version than is installed; a test may put new code in place."""
        return self._service.on_disk

    @property
    def database(self) -> str:
        return self._service.database

    @property
    def call_count(self) -> int:
        """Answers sent so far."""
        return self._listener.call_count

    @property
    def byte_count(self) -> int:
        """Bytes of bodies sent so far."""
        return self._listener.byte_count

    @property
    def clock_offset_seconds(self) -> float:
        return self._service.clock_offset_seconds

    @clock_offset_seconds.setter
    def clock_offset_seconds(self, seconds: float) -> None:
        self._service.clock_offset_seconds = seconds

    def hide(self, model: str, domain: list[Any]) -> None:
        """Hide a model's rows from now on, as a new record rule would."""
        self._service.hidden[model] = domain

    def show(self, model: str) -> None:
        self._service.hidden.pop(model, None)

    def reload(self) -> None:
        """Look at the tables again, after columns or tables came or went."""
        self._service.reload()

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        if self._thread.is_alive():
            self._listener.shutdown()
            self._thread.join()
        self._listener.server_close()
        self._service.close()

    def serve_forever(self) -> None:
        """Serve in the calling thread, until it is interrupted."""
        self._listener.serve_forever()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
