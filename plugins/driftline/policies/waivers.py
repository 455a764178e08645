"""`waivers.yml`: a check that one client is let off for a while, by whom and why. What may be, `quality` knows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from driftline.declarations import Strict, read_yaml, validate
from driftline.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from driftline.registry import Registry

LONGEST_WAIVER = timedelta(days=366)

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3)]


class Waiver(Strict):
    """One exemption: whose, from which suite's expectation, on which of the client's own days (both included)."""

    client: str
    suite: str
    expectation: str
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10)]
    owner: Words
    from_on: date = Field(alias="from")
    until_on: date = Field(alias="until")

    @model_validator(mode="after")
    def _check(self) -> Waiver:
        if self.until_on < self.from_on:
            raise ValueError(f"until {self.until_on} lies before from {self.from_on}")
        if self.until_on - self.from_on > LONGEST_WAIVER:
            raise ValueError(f"more than {LONGEST_WAIVER.days} days is no exemption but a rule: change the rule")
        return self


class _File(Strict):
    waivers: dict[str, Any]


def load_waivers(folder: Path, registry: Registry) -> dict[str, Waiver]:
    """Read the waivers by the name of their entry; raise ConfigError that names file and entry."""
    path = folder / "waivers.yml"
    found: dict[str, Waiver] = {}
    places: dict[tuple[str, str, str], str] = {}
    for name, entry in validate(_File, read_yaml(path), where=str(path)).waivers.items():
        where = f"{path}: waiver '{name}'"
        waiver = validate(Waiver, entry, where=where)
        registry.client(waiver.client, where=where)
        place = (waiver.client, waiver.suite, waiver.expectation)
        if place in places:
            raise ConfigError(f"{where}: says the same as waiver '{places[place]}'.", hint="Change that one's end.")
        places[place] = name
        found[name] = waiver
    return found
