"""`capabilities.yml`: what people can do, in models, operations and groups. Who can, is dbt's question."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from driftline.catalogue import load_catalogue
from driftline.declarations import Strict, read_yaml, validate
from driftline.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
ExternalId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+\.[A-Za-z0-9_.\-]+$")]
Operation = Literal["read", "write", "create", "unlink"]
Act = Literal[
    "vendor created", "bank account created", "bill created", "bill posted", "payment created", "payment posted",
    "purchase created", "purchase confirmed", "goods received", "entry created", "entry posted",
]  # fmt: skip


class Way(Strict):
    """One way to a capability: all operations on all models and, where groups are named, one of these."""

    models: tuple[str, ...] = ()
    operations: tuple[Operation, ...] = ()
    groups: tuple[ExternalId, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Way:
        if bool(self.models) != bool(self.operations):
            raise ValueError("models and operations go together")
        if not self.models and not self.groups:
            raise ValueError("a way names models with operations, or groups, or both")
        return self

    @property
    def needs(self) -> list[dict[str, Any]]:
        """Everything that must be fulfilled: an operation on a model, or one of the groups."""
        needs: list[dict[str, Any]] = [
            {"model": model, "operation": operation} for model in self.models for operation in self.operations
        ]
        return needs + ([{"groups": list(self.groups)}] if self.groups else [])


class Capability(Strict):
    """What somebody can do who has one of the ways; `acts` are the traces it leaves in documents."""

    title: str = Field(min_length=1)
    area: Name
    any_of: tuple[Way, ...] = Field(min_length=1)
    acts: tuple[Act, ...] = ()


class _File(Strict):
    other_models: tuple[str, ...] = ()
    capabilities: dict[Name, Any]


def load_capabilities(folder: Path, *, model_fields: Path) -> dict[str, Capability]:
    """Read the capabilities by name; `model_fields` is the seed that lists Odoo's models.

    Raises ConfigError that names file and entry, also for a model that neither Odoo's servers nor the catalogue know
    and that `other_models` does not name.
    """
    path = folder / "capabilities.yml"
    file = validate(_File, read_yaml(path), where=str(path))
    known = _known_models(model_fields) | set(file.other_models)
    found: dict[str, Capability] = {}
    for name, entry in file.capabilities.items():
        where = f"{path}: capability '{name}'"
        found[name] = validate(Capability, entry, where=where)
        for model in (model for way in found[name].any_of for model in way.models):
            if model not in known:
                raise ConfigError(
                    f"{where}: unknown model '{model}'.", hint="A model of another module is named under other_models."
                )
    if clash := found.keys() & {capability.area for capability in found.values()}:
        raise ConfigError(f"{path}: '{min(clash)}' is the name of a capability and of an area.")
    return found


def spell_out(words: Sequence[str], capabilities: Mapping[str, Capability], where: str) -> tuple[str, ...]:
    """Give the capabilities meant by their own names or those of areas; raise ConfigError for an unknown one."""
    found: list[str] = []
    for word in words:
        meant = [word] if word in capabilities else [name for name, it in capabilities.items() if it.area == word]
        if not meant:
            known = ", ".join(sorted(capabilities))
            raise ConfigError(f"{where}: unknown capability '{word}'.", hint=f"Known: {known}.")
        found += [name for name in meant if name not in found]
    return tuple(found)


def _known_models(seed: Path) -> set[str]:
    with seed.open(encoding="utf-8", newline="") as lines:
        answered = {row["model"] for row in csv.DictReader(lines)}
    return answered | {entry.model for entry in load_catalogue()}
