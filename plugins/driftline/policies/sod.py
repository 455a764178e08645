"""`sod.yml`: capabilities that one person should not have together. Who has them, and used them, is dbt's question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from driftline.declarations import Strict, read_yaml, validate
from driftline.errors import ConfigError
from driftline.policies.capabilities import Capability, Name, spell_out

if TYPE_CHECKING:
    from pathlib import Path

Severity = Literal["watch", "act"]
Side = Annotated[tuple[Name, ...], Field(min_length=1)]


class SodRule(Strict):
    """One rule: whoever has a capability of every side is in conflict. A side names capabilities or areas of them.

    `needs_module`: without this module Odoo does not know one of the sides, and the rule says nothing.
    """

    title: str = Field(min_length=1)
    severity: Severity
    sides: Annotated[tuple[Side, ...], Field(min_length=2, max_length=3)]
    needs_module: str | None = None


class SodPolicy(Strict):
    """`sod.yml`; the sides of its rules name capabilities only."""

    look_back_days: Annotated[int, Field(ge=1, le=3650)]
    rules: dict[Name, SodRule]


class _File(Strict):
    look_back_days: Annotated[int, Field(ge=1, le=3650)]
    rules: dict[Name, Any]


def load_sod(folder: Path, capabilities: Mapping[str, Capability]) -> SodPolicy:
    """Read the rules by name, areas spelled out; raise ConfigError that names file and entry."""
    path = folder / "sod.yml"
    file = validate(_File, read_yaml(path), where=str(path))
    rules = {}
    for name, entry in file.rules.items():
        where = f"{path}: rule '{name}'"
        rule = validate(SodRule, entry, where=where)
        sides = tuple(spell_out(side, capabilities, where) for side in rule.sides)
        if shared := {word for side in sides for word in side if sum(word in other for other in sides) > 1}:
            raise ConfigError(f"{where}: '{min(shared)}' stands on more than one side.")
        rules[name] = rule.model_copy(update={"sides": sides})
    return SodPolicy(look_back_days=file.look_back_days, rules=rules)
