"""Decisions that are declared in `config/policies/`: which changes were approved, what drift leaves out.

Strict reading, and handing the entries to the build. What they mean for a finding is the dbt project's work.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from psycopg2.extras import execute_values
from pydantic import BaseModel, ConfigDict, Field, model_validator

from driftline.catalogue import load_catalogue
from driftline.declarations import read_yaml, validate
from driftline.errors import ConfigError

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from driftline.registry import Registry
    from driftline.settings import Settings

LONGEST_WINDOW = timedelta(days=92)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ApprovedChange(_Strict):
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


class DriftPolicy(_Strict):
    """What drift leaves out, and which tag makes a task an approved change."""

    self_moving_parameters: tuple[str, ...]
    change_tag: str | None = Field(min_length=1)


def load_approved_changes(settings: Settings, registry: Registry) -> dict[str, ApprovedChange]:
    """Read the register by entry name; raise ConfigError that names file and entry."""
    path = settings.policies_folder / "approved_changes.yml"
    content = read_yaml(path)
    if (
        not isinstance(content, dict)
        or list(content) != ["approved_changes"]
        or not isinstance(content["approved_changes"], dict)
    ):
        raise ConfigError(
            f"{path}: expected one key 'approved_changes' with a name per change.", hint="The file shows an entry."
        )
    entities = {entry.model for entry in load_catalogue() if entry.configuration}
    found: dict[str, ApprovedChange] = {}
    for name, entry in content["approved_changes"].items():
        where = f"{path}: approved change '{name}'"
        if not isinstance(entry, dict):
            raise ConfigError(f"{where}: expected keys such as client, entity, from, until, approved_by, reason.")
        change = validate(ApprovedChange, entry, where=where)
        if change.client not in registry.clients:
            raise ConfigError(f"{where}: no client '{change.client}'. Known: {', '.join(sorted(registry.clients))}.")
        if change.entity not in entities:
            raise ConfigError(f"{where}: '{change.entity}' is no configuration. Known: {', '.join(sorted(entities))}.")
        found[str(name)] = change
    return found


def load_drift_policy(settings: Settings) -> DriftPolicy:
    """Read what drift leaves out; raise ConfigError that names the file."""
    path = settings.policies_folder / "drift.yml"
    return validate(DriftPolicy, read_yaml(path), where=str(path))


def hand_over(cursor: Cursor, settings: Settings, registry: Registry) -> None:
    """Put what is declared now where the build reads it, in place of what was there."""
    changes = load_approved_changes(settings, registry)
    policy = load_drift_policy(settings)
    cursor.execute("delete from ops.approved_change")
    execute_values(
        cursor,
        "insert into ops.approved_change"
        " (change_id, client_id, entity, key, from_on, until_on, approved_by, reason, ticket) values %s",
        [
            (name, it.client, it.entity, it.key, it.from_on, it.until_on, it.approved_by, it.reason, it.ticket)
            for name, it in changes.items()
        ],
    )
    words = [("self_moving_parameter", _as_like(pattern)) for pattern in policy.self_moving_parameters]
    words += [("change_tag", policy.change_tag)] if policy.change_tag else []
    cursor.execute("delete from ops.drift_policy")
    execute_values(cursor, "insert into ops.drift_policy (name, value) values %s", words)


def _as_like(pattern: str) -> str:
    escaped = pattern.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return escaped.replace("*", "%")
