"""`access_review.yml`: who reviews a client's access, and how long it may take. What it is, `access_review` knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from driftline.declarations import Strict, read_yaml, validate

if TYPE_CHECKING:
    from pathlib import Path

    from driftline.registry import Registry

Person = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, to_lower=True)]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Reviewers(Strict):
    """Who reviews where no manager can, and who reviews administrators: logins or addresses."""

    owner: Person
    administrators_owner: Person

    @model_validator(mode="after")
    def _check(self) -> Reviewers:
        if self.owner == self.administrators_owner:
            raise ValueError("owner and administrators_owner are one person: nobody would review that one's own access")
        return self


class RubberStamp(Strict):
    """From how many rows on a reviewer is looked at, and how fast nobody can decide."""

    rows: int = Field(ge=2)
    seconds_per_row: float = Field(gt=0)


class WorkingHours(Strict):
    """When people work, by the client's own clock; a day is a number from 1, Monday, to 7."""

    days: tuple[Annotated[int, Field(ge=1, le=7)], ...] = Field(min_length=1)
    from_at: TimeOfDay = Field(alias="from")
    until_at: TimeOfDay = Field(alias="until")

    @model_validator(mode="after")
    def _check(self) -> WorkingHours:
        if self.until_at <= self.from_at:
            raise ValueError(f"until {self.until_at} does not lie after from {self.from_at}")
        return self


class AccessReviewPolicy(Strict):
    """The whole file."""

    due_days: int = Field(ge=1, le=92)
    carry_out_days: int = Field(ge=0, le=92)
    rubber_stamp: RubberStamp
    working_hours: WorkingHours
    support_firm: dict[str, tuple[Person, ...]]
    clients: dict[str, Reviewers]


class _File(AccessReviewPolicy):
    clients: dict[str, Any]


def load_access_review(folder: Path, registry: Registry) -> AccessReviewPolicy:
    """Read the policy; raise ConfigError that names file and entry."""
    path = folder / "access_review.yml"
    found = validate(_File, read_yaml(path), where=str(path))
    clients = {}
    for client_id, entry in found.clients.items():
        where = f"{path}: client '{client_id}'"
        registry.client(client_id, where=where)
        clients[client_id] = validate(Reviewers, entry, where=where)
    for client_id in found.support_firm:
        registry.client(client_id, where=f"{path}: support_firm")
    return found.model_copy(update={"clients": clients})
