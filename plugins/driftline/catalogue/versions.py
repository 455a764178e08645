"""Odoo's versions, and names that may differ between them. What is read of a model belongs in `entry`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import total_ordering
from typing import Annotated

from pydantic import AfterValidator

_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]{0,62}\Z")
_MODEL = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+\Z")

SUPPORTED_MAJORS = range(14, 21)


def _identifier(value: str) -> str:
    if not _IDENTIFIER.match(value):
        raise ValueError(f"'{value}' is not a plain SQL identifier")
    return value


def _model_name(value: str) -> str:
    if not _MODEL.match(value):
        raise ValueError(f"'{value}' is not an Odoo model name")
    return value


Identifier = Annotated[str, AfterValidator(_identifier)]
ModelName = Annotated[str, AfterValidator(_model_name)]


@total_ordering
@dataclass(frozen=True)
class OdooVersion:
    """A stable Odoo series, 14.0 to 20.0."""

    major: int

    @classmethod
    def parse(cls, text: str) -> OdooVersion:
        """Read '17.0' (or a module version such as '17.0.1.3'); raise ValueError for what is not supported."""
        match = re.match(r"(?:saas[~-])?(\d+)\.(\d+)(?:\.|\Z)", text)
        if match is None or int(match[1]) not in SUPPORTED_MAJORS or match[2] != "0":
            first, last = SUPPORTED_MAJORS[0], SUPPORTED_MAJORS[-1]
            raise ValueError(f"'{text}' is not a supported Odoo version ({first}.0 to {last}.0)")
        return cls(int(match[1]))

    def __str__(self) -> str:
        return f"{self.major}.0"

    def __lt__(self, other: OdooVersion) -> bool:
        return self.major < other.major


Version = Annotated[str, AfterValidator(lambda value: str(OdooVersion.parse(value)))]


def within(version: OdooVersion, since: str | None, until: str | None) -> bool:
    """Say whether a version lies between two others, both included; None is no bound."""
    return (since is None or OdooVersion.parse(since) <= version) and (
        until is None or version <= OdooVersion.parse(until)
    )


def name_in(version: OdooVersion, names: Mapping[str, str], default: str) -> str:
    """Choose the name that holds in a version, from names by the version since which each holds."""
    held = [(OdooVersion.parse(since), name) for since, name in names.items()]
    return max(((since, name) for since, name in held if since <= version), default=(None, default))[1]
