"""The policies in `config/policies/`: typed, strict, and handed to a build as rows of `ops`.

Rows rather than variables of dbt: they stay beside the build that used them, so that an old verdict can be explained.
One module per file that is declared, `handing_over` for the way into the build. What an entry means for a number is the
dbt project's work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftline.policies.approved_changes import ApprovedChange, load_approved_changes
from driftline.policies.drift import DriftPolicy, load_drift
from driftline.policies.handing_over import hand_over
from driftline.policies.signals import SignalsPolicy, load_signals
from driftline.policies.upgrades import PlannedUpgrade, load_upgrades
from driftline.policies.waivers import Waiver, load_waivers

if TYPE_CHECKING:
    from pathlib import Path

    from driftline.registry import Registry

__all__ = [
    "ApprovedChange", "DriftPolicy", "PlannedUpgrade", "Policies", "SignalsPolicy", "Waiver", "hand_over",
    "load_policies",
]  # fmt: skip


@dataclass(frozen=True)
class Policies:
    """Everything that is declared in `config/policies/`; approved changes and waivers by the name of their entry."""

    approved_changes: dict[str, ApprovedChange]
    drift: DriftPolicy
    signals: SignalsPolicy
    upgrades: tuple[PlannedUpgrade, ...]
    waivers: dict[str, Waiver]


def load_policies(folder: Path, registry: Registry) -> Policies:
    """Read every file; raise ConfigError that names file and entry, also for a client that is not registered."""
    return Policies(
        approved_changes=load_approved_changes(folder, registry),
        drift=load_drift(folder),
        signals=load_signals(folder),
        upgrades=load_upgrades(folder, registry),
        waivers=load_waivers(folder, registry),
    )
