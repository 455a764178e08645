"""`upgrades.yml`: upgrades that are planned or were, to be held against what was done."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import StringConstraints

from driftline.declarations import Strict, read_yaml, validate
from driftline.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from driftline.registry import Registry


class PlannedUpgrade(Strict):
    """One upgrade that was planned: to a series, or `update` for security and minor updates."""

    client: str
    target: Annotated[str, StringConstraints(pattern=r"^(\d{2}\.0|update)$")]
    planned_on: date


class _File(Strict):
    planned: tuple[Any, ...]


def load_upgrades(folder: Path, registry: Registry) -> tuple[PlannedUpgrade, ...]:
    """Read `upgrades.yml`; raise ConfigError that names file and entry."""
    path = folder / "upgrades.yml"
    planned: list[PlannedUpgrade] = []
    for number, entry in enumerate(validate(_File, read_yaml(path), where=str(path)).planned, start=1):
        where = f"{path}: planned upgrade {number}"
        upgrade = validate(PlannedUpgrade, entry, where=where)
        registry.client(upgrade.client, where=where)
        if upgrade in planned:
            raise ConfigError(f"{where}: stands there twice.")
        planned.append(upgrade)
    return tuple(planned)
