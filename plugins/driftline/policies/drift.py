"""`drift.yml`: what drift leaves out, and which tag makes a task an approved change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftline.declarations import Strict, read_yaml, validate
from driftline.policies.tag import Tag

if TYPE_CHECKING:
    from pathlib import Path


class DriftPolicy(Strict):
    """Patterns of parameters that are nobody's decision (* stands for anything), and the tag of approved changes."""

    self_moving_parameters: tuple[str, ...]
    change_tag: Tag | None


def load_drift(folder: Path) -> DriftPolicy:
    """Read `drift.yml`; raise ConfigError that names file and key."""
    path = folder / "drift.yml"
    return validate(DriftPolicy, read_yaml(path), where=str(path))
