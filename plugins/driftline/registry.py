"""The clients: one entry per client in `clients.yml`, typed and strict. No address or password stands here."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from driftline.catalogue import OdooVersion
from driftline.declarations import Strict, read_yaml, validate
from driftline.errors import ConfigError
from driftline.working_time import BusinessHours

_CLIENT_ID = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"'{value}' is not a time zone (expected a name such as Europe/Athens)") from None
    return value


class Tickets(Strict):
    """Where a client's tickets lie: the helpdesk module, tasks of the named projects, or only in a shared home."""

    source: Literal["helpdesk", "project", "shared"]
    projects: tuple[int, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Tickets:
        if (self.source == "project") != bool(self.projects):
            raise ValueError("projects (ids of project.project) go with source: project, and only with it")
        return self


class Alerts(Strict):
    """Who is told of a client: its owner in every message, and routes of its own beside those of everybody.

    A route is a name; its addresses are secrets and stand in DRIFTLINE_ALERT_ROUTES.
    """

    owner: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] | None = None
    routes: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")], ...] = ()

    @field_validator("routes")
    @classmethod
    def _once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise ValueError("a route is named twice")
        return value


class Limits(Strict):
    """How gently a client's server is treated, and what is believed of it.

    What begins with `rpc_` concerns reading over odoorpc and JSON-2 only. `rpc_overlap_minutes` must be at least as
    long as the longest transaction on the server. More deletions in one night than `rpc_believed_deletions_pct` of a
    model's rows are held, unless they are at most `rpc_believed_deletions_count`.
    """

    connect_timeout_seconds: int = Field(default=10, ge=1, le=300)
    statement_timeout_seconds: int = Field(default=900, ge=1, le=86_400)
    lock_timeout_seconds: int = Field(default=30, ge=1, le=3_600)
    extraction_timeout_minutes: int = Field(default=110, ge=1, le=1_440)
    readings_per_host: int = Field(default=2, ge=1, le=32)
    rpc_timeout_seconds: int = Field(default=120, ge=1, le=3_600)
    rpc_page_rows: int = Field(default=500, ge=10, le=10_000)
    rpc_largest_page_rows: int = Field(default=2_000, ge=10, le=10_000)
    rpc_calls_per_second: float = Field(default=30, gt=0, le=1_000)
    rpc_concurrent_calls: int = Field(default=2, ge=1, le=16)
    rpc_overlap_minutes: int = Field(default=120, ge=1, le=1_440)
    rpc_full_read_every_nights: int = Field(default=7, ge=1, le=90)
    rpc_believed_deletions_pct: float = Field(default=5, ge=0, le=100)
    rpc_believed_deletions_count: int = Field(default=10, ge=0)


class Client(Strict):
    """One client as declared; `client_id` is the first column of every key in the warehouse."""

    client_id: str
    name: str = Field(min_length=1)
    transport: Literal["postgres", "rpc", "json2"] | None = None  # None: what its address calls for
    timezone: Annotated[str, AfterValidator(_timezone)]
    tickets: Tickets
    business_hours: BusinessHours | None = None  # None: those of its Odoo's own calendar
    odoo_version: Annotated[str, AfterValidator(lambda value: str(OdooVersion.parse(value)))] | None = None
    onboarded_on: date | None = None
    stabilisation_until: date | None = None  # the phase after going live in which no trend is claimed
    last_version_upgrade_on: date | None = None
    limits: Limits = Limits()
    alerts: Alerts = Alerts()
    company_count: int | None = Field(default=None, ge=1)  # over RPC the account must see as many
    allows_plain_text: bool = False
    is_active: bool = True

    @model_validator(mode="after")
    def _check(self) -> Client:
        if self.stabilisation_until and self.onboarded_on and self.stabilisation_until < self.onboarded_on:
            raise ValueError(
                f"stabilisation_until {self.stabilisation_until} lies before onboarded_on {self.onboarded_on}"
            )
        return self

    @property
    def version(self) -> OdooVersion | None:
        """The pinned version, or None when it is to be found out."""
        return OdooVersion.parse(self.odoo_version) if self.odoo_version else None


class _Defaults(Strict):
    """What holds for every client whose entry says nothing else."""

    limits: Limits = Limits()


class Registry(Strict):
    """All clients of one file."""

    path: Path
    clients: dict[str, Client]

    @property
    def active(self) -> list[Client]:
        """Active clients, by id."""
        return [client for _, client in sorted(self.clients.items()) if client.is_active]

    def client(self, client_id: str, *, where: str | None = None) -> Client:
        """Find one client; raise ConfigError that lists the known ones and says who asked, if not the registry."""
        if client_id not in self.clients:
            known = ", ".join(sorted(self.clients))
            raise ConfigError(f"{where or self.path}: no client '{client_id}'.", hint=f"Known: {known or 'none yet'}.")
        return self.clients[client_id]


def load_registry(path: Path) -> Registry:
    """Read the registry; raise ConfigError that names file and entry."""
    content = read_yaml(path)
    if not isinstance(content, dict) or not isinstance(content.get("clients"), dict):
        raise ConfigError(
            f"{path}: expected a key 'clients' with an entry per client.",
            hint="The README shows an entry under 'Add a client'.",
        )
    defaults = validate(_Defaults, content.get("defaults") or {}, where=f"{path}: defaults")
    if unknown := sorted(set(content) - {"clients", "defaults"}):
        raise ConfigError(f"{path}: unknown key '{unknown[0]}'.", hint="Known: clients, defaults.")
    clients: dict[str, Client] = {}
    for client_id, entry in content["clients"].items():
        where = f"{path}: client '{client_id}'"
        if not isinstance(client_id, str) or not _CLIENT_ID.match(client_id):
            raise ConfigError(f"{where}: an id is lower-case letters, digits and _, at most 40, a letter first.")
        if not isinstance(entry, dict):
            raise ConfigError(f"{where}: expected keys such as name, transport, timezone.")
        if "client_id" in entry:
            raise ConfigError(f"{where}: unknown key 'client_id'. The entry's own name is the id.")
        clients[client_id] = validate(Client, {"client_id": client_id, **_with(defaults, entry)}, where=where)
    return Registry(path=path, clients=clients)


def _with(defaults: _Defaults, entry: dict[str, object]) -> dict[str, object]:
    own = entry.get("limits", {})
    if not isinstance(own, dict):
        return entry  # refused with the entry's name
    return {**entry, "limits": {**defaults.limits.model_dump(exclude_unset=True), **own}}
