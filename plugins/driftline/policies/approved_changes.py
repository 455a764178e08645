"""`approved_changes.yml`: the register of decided changes. Which finding an entry explains is dbt's question."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import Field, model_validator

from driftline.catalogue import load_catalogue
from driftline.declarations import Strict, read_yaml, validate
from driftline.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from driftline.registry import Registry

LONGEST_WINDOW = timedelta(days=92)


class ApprovedChange(Strict):
    """One decided change: whose, on what, on which of the client's own days (both included), by whom and why."""

    client: str
    entity: str
    key: str | None = Field(default=None, min_length=1)
    from_on: date = Field(alias="from")
    until_on: date = Field(alias="until")
    approved_by: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    ticket: str | None = None

    @model_validator(mode="after")
    def _check(self) -> ApprovedChange:
        if self.until_on < self.from_on:
            raise ValueError(f"until {self.until_on} lies before from {self.from_on}")
        if self.until_on - self.from_on > LONGEST_WINDOW:
            raise ValueError(f"a window of more than {LONGEST_WINDOW.days} days approves anything: narrow it")
        return self


class _File(Strict):
    approved_changes: dict[str, Any]


def load_approved_changes(folder: Path, registry: Registry) -> dict[str, ApprovedChange]:
    """Read the register by entry name; raise ConfigError that names file and entry."""
    path = folder / "approved_changes.yml"
    entries = validate(_File, read_yaml(path), where=str(path)).approved_changes
    entities = {entry.model for entry in load_catalogue() if entry.configuration}
    found: dict[str, ApprovedChange] = {}
    for name, entry in entries.items():
        where = f"{path}: approved change '{name}'"
        change = validate(ApprovedChange, entry, where=where)
        registry.client(change.client, where=where)
        if change.entity not in entities:
            raise ConfigError(f"{where}: '{change.entity}' is no configuration. Known: {', '.join(sorted(entities))}.")
        found[name] = change
    return found
