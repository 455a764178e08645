"""`tickets.yml`: how stages are read, what was promised, and whose the tickets of a shared home are.

What follows from it for a ticket is the dbt project's work. Handing it over is done here, too: three tables of `ops`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from driftline.declarations import Strict, read_yaml, validate
from driftline.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from driftline.registry import Registry

EVERYBODY = ""  # the client_id of what holds for all clients without a word of their own
Hours = Annotated[float, Field(gt=0, le=10_000)]
Names = tuple[Annotated[str, Field(min_length=1)], ...]


class Stages(Strict):
    """Names of stages (* stands for anything, upper and lower case alike) by what they mean.

    `closing` is for homes whose stages do not say themselves that they close. A closing stage that is neither
    cancelled, rejected nor merged is done, and one that is done is resolved.
    """

    cancelled: Names = ()
    rejected: Names = ()
    merged: Names = ()
    resolved: Names = ()
    waiting: Names = ()
    closing: Names = ()


class Target(Strict):
    """What was promised for tickets of one priority (None: any) opened on the client's days from `from` to `until`."""

    priority: str | None = None
    from_on: date | None = Field(default=None, alias="from")
    until_on: date | None = Field(default=None, alias="until")
    clock: Literal["business", "calendar"] = "business"
    response_hours: Hours | None = None
    resolution_hours: Hours | None = None

    @model_validator(mode="after")
    def _check(self) -> Target:
        if self.response_hours is None and self.resolution_hours is None:
            raise ValueError("a target promises response_hours, resolution_hours or both")
        if self.from_on and self.until_on and self.until_on < self.from_on:
            raise ValueError(f"until {self.until_on} lies before from {self.from_on}")
        return self


class ClientRules(Strict):
    """What a client's own entry may say; what it leaves out is as in `defaults`."""

    stages: Stages | None = None
    requester: Literal["hashed", "plain"] | None = None
    task_category: Literal["none", "tag", "parent"] | None = None
    repeat_days: Annotated[int, Field(ge=1, le=365)] | None = None
    at_risk_share: Annotated[float, Field(gt=0, lt=1)] | None = None
    targets: tuple[Target, ...] | None = None


class Defaults(ClientRules):
    """What holds for clients whose entry says nothing else: everything is said here."""

    stages: Stages
    requester: Literal["hashed", "plain"]
    task_category: Literal["none", "tag", "parent"]
    repeat_days: Annotated[int, Field(ge=1, le=365)]
    at_risk_share: Annotated[float, Field(gt=0, lt=1)]
    targets: tuple[Target, ...]


class Owner(Strict):
    """One rule: tickets of this partner (or its company's people), project, team or tag belong to the client."""

    client: str
    partner: int | None = None
    project: int | None = None
    team: int | None = None
    tag: int | None = None

    @model_validator(mode="after")
    def _check(self) -> Owner:
        if len(self.named) != 1:
            raise ValueError("a rule names one of partner, project, team, tag")
        return self

    @property
    def named(self) -> list[tuple[str, int]]:
        """Which of the four it names, and the Odoo id."""
        pairs = ((kind, getattr(self, kind)) for kind in ("partner", "project", "team", "tag"))
        return [(kind, odoo_id) for kind, odoo_id in pairs if odoo_id is not None]


def _pattern(text: str) -> str:
    try:
        compiled = re.compile(text)
    except re.error as error:
        raise ValueError(f"'{text}' is not a regular expression: {error}") from None
    if compiled.groups != 1:
        raise ValueError(f"'{text}' must have one group: the reference")
    return text


class Mirror(Strict):
    """How the title of a ticket in a shared home names the same ticket in the client's own."""

    pattern: Annotated[str, AfterValidator(_pattern)]
    names: Literal["number", "id"]


class SharedHome(Strict):
    """An Odoo in which tickets of many clients lie."""

    owners: tuple[Owner, ...] = Field(min_length=1)
    mirror: Mirror | None = None


class TicketsPolicy(Strict):
    """`tickets.yml`."""

    defaults: Defaults
    clients: dict[str, ClientRules]
    shared_homes: dict[str, SharedHome]

    def settings(self) -> Iterator[tuple[str, str, Any]]:
        """Give client_id, setting and value; patterns of names as SQL's LIKE knows them."""
        for client_id, rules in ((EVERYBODY, self.defaults), *self.clients.items()):
            said = rules.model_dump(mode="json", exclude={"stages", "targets"}, exclude_none=True)
            yield from ((client_id, setting, value) for setting, value in said.items())
            if rules.targets is not None:
                yield client_id, "has_targets", client_id
            for meaning, names in (rules.stages.model_dump() if rules.stages else {}).items():
                yield client_id, f"stages.{meaning}", [_as_like(name) for name in names]
        for home, shared in self.shared_homes.items():
            if shared.mirror:
                yield home, "mirror", shared.mirror.model_dump()

    def targets(self) -> Iterator[tuple[str, int, Target]]:
        """Give client_id, place and target."""
        for client_id, rules in ((EVERYBODY, self.defaults), *self.clients.items()):
            yield from ((client_id, place, target) for place, target in enumerate(rules.targets or (), start=1))

    def owners(self) -> Iterator[tuple[str, int, str, int, str]]:
        """Give home, place, kind, Odoo id and whose the ticket is."""
        for home, shared in self.shared_homes.items():
            for place, owner in enumerate(shared.owners, start=1):
                ((kind, odoo_id),) = owner.named
                yield home, place, kind, odoo_id, owner.client


def load_tickets(folder: Path, registry: Registry) -> TicketsPolicy:
    """Read `tickets.yml`; raise ConfigError that names file and entry, also for a client that is not registered."""
    path = folder / "tickets.yml"
    policy = validate(TicketsPolicy, read_yaml(path), where=str(path))
    for client_id in policy.clients:
        registry.client(client_id, where=f"{path}: clients")
    for home, shared in policy.shared_homes.items():
        where = f"{path}: shared home '{home}'"
        if registry.client(home, where=where).tickets.source == "shared":
            raise ConfigError(f"{where}: it has no tickets of its own: its entry says source: shared.")
        for owner in shared.owners:
            registry.client(owner.client, where=where)
    owned = {owner.client for shared in policy.shared_homes.values() for owner in shared.owners}
    for client in registry.clients.values():
        if client.tickets.source == "shared" and client.client_id not in owned:
            raise ConfigError(
                f"{path}: client '{client.client_id}' has source: shared, but no rule of a shared home names it."
            )
    return policy


def _as_like(pattern: str) -> str:
    escaped = pattern.strip().lower().replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return escaped.replace("*", "%")
