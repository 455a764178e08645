"""The policies in `config/policies/`: typed, strict, and handed to a build as rows of `ops`.

Rows rather than variables of dbt: they stay beside the build that used them, so that an old verdict can be explained.
One module per file that is declared, `handing_over` for the way into the build. What an entry means for a number is the
dbt project's work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftline.policies.access import AccessPolicy, load_access
from driftline.policies.access_review import AccessReviewPolicy, load_access_review
from driftline.policies.approved_changes import ApprovedChange, load_approved_changes
from driftline.policies.capabilities import Capability, load_capabilities
from driftline.policies.drift import DriftPolicy, load_drift
from driftline.policies.handing_over import hand_over
from driftline.policies.masterdata import MasterdataPolicy, load_masterdata
from driftline.policies.signals import SignalsPolicy, load_signals
from driftline.policies.sod import SodPolicy, load_sod
from driftline.policies.tickets import TicketsPolicy, load_tickets
from driftline.policies.trend import TrendPolicy, load_trend
from driftline.policies.upgrades import PlannedUpgrade, load_upgrades
from driftline.policies.waivers import Waiver, load_waivers

if TYPE_CHECKING:
    from pathlib import Path

    from driftline.registry import Registry

__all__ = [
    "AccessPolicy", "AccessReviewPolicy", "ApprovedChange", "Capability", "DriftPolicy", "MasterdataPolicy",
    "PlannedUpgrade", "Policies",
    "SignalsPolicy", "SodPolicy", "TicketsPolicy", "TrendPolicy", "Waiver", "hand_over", "load_policies",
]  # fmt: skip


@dataclass(frozen=True)
class Policies:
    """Everything declared in `config/policies/`; changes, capabilities and waivers by the name of their entry."""

    access: AccessPolicy
    access_review: AccessReviewPolicy
    approved_changes: dict[str, ApprovedChange]
    capabilities: dict[str, Capability]
    drift: DriftPolicy
    masterdata: MasterdataPolicy
    signals: SignalsPolicy
    sod: SodPolicy
    tickets: TicketsPolicy
    trend: TrendPolicy
    upgrades: tuple[PlannedUpgrade, ...]
    waivers: dict[str, Waiver]


def load_policies(folder: Path, registry: Registry, *, seeds: Path) -> Policies:
    """Read every file; raise ConfigError that names file and entry, also for a client that is not registered.

    `seeds` is the folder of the dbt project with what is known of Odoo.
    """
    capabilities = load_capabilities(folder, model_fields=seeds / "odoo_model_fields.csv")
    return Policies(
        access=load_access(folder, registry, capabilities),
        access_review=load_access_review(folder, registry),
        approved_changes=load_approved_changes(folder, registry),
        capabilities=capabilities,
        drift=load_drift(folder),
        masterdata=load_masterdata(folder, registry),
        signals=load_signals(folder),
        sod=load_sod(folder, capabilities),
        tickets=load_tickets(folder, registry),
        trend=load_trend(folder, registry),
        upgrades=load_upgrades(folder, registry),
        waivers=load_waivers(folder, registry),
    )
