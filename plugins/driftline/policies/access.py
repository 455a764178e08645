"""`access.yml`: what counts as an exception of access, how bad it is, and who is exempt until when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from driftline.declarations import Strict, read_yaml, validate
from driftline.errors import ConfigError
from driftline.policies.capabilities import Capability, ExternalId, Name, spell_out
from driftline.policies.sod import Severity

if TYPE_CHECKING:
    from pathlib import Path

    from driftline.registry import Registry

Days = Annotated[int, Field(ge=0, le=3650)]
Count = Annotated[int, Field(ge=1, le=1000)]
Percent = Annotated[float, Field(ge=0, le=100)]
Logins = tuple[Annotated[str, Field(min_length=1)], ...]


class Rule(Strict):
    """A rule without numbers of its own."""

    severity: Severity


class Stale(Rule):
    """Days without a login, by kind of user."""

    internal_days: Days
    share_days: Days


class AfterDays(Rule):
    """What counts only after some days."""

    after_days: Days


class Administrators(Rule):
    """Who holds one of these groups must be on the client's list of logins; without a list the rule says nothing."""

    groups: tuple[ExternalId, ...] = Field(min_length=1)
    named: dict[str, Logins] = Field(default_factory=dict)


class PowersWithBusiness(Rule):
    """Capabilities of administration that do not go with capabilities of business, as areas or names."""

    powers: tuple[Name, ...] = Field(min_length=1)
    business: tuple[Name, ...] = Field(min_length=1)


class SecondFactor(Rule):
    """Who holds one of these groups needs one; clients whose identity provider asks for it need none in Odoo."""

    groups: tuple[ExternalId, ...] = Field(min_length=1)
    mfa_at_idp: tuple[str, ...] = ()


class RoleCreep(Rule):
    """Groups gained and none lost, against the people of the same job."""

    gained_count: Count
    rare_below_pct: Percent
    peer_count: Count


class Rules(Strict):
    """Every rule there is; a missing one is refused."""

    leaver_still_active: Rule
    stale: Stale
    never_logged_in: AfterDays
    no_employee: Rule
    manager_missing: Rule
    manager_left: Rule
    administrator_not_named: Administrators
    powers_with_business: PowersWithBusiness
    no_second_factor: SecondFactor
    api_key_old: AfterDays
    api_key_of_leaver: Rule
    role_creep: RoleCreep
    portal_with_internal_rights: Rule
    company_outside_unit: Rule
    group_without_approval: Rule
    joiner_without_approval: Rule
    slow_deactivation: AfterDays
    implied_not_stored: Rule
    stored_not_implied: Rule


class Exemption(Strict):
    """One user of one client that a rule leaves in peace until a day, by whose decision and why."""

    client: str
    user: str = Field(min_length=1)
    rule: str
    owner: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    until: date


class AccessPolicy(Strict):
    """`access.yml`. Service accounts (logins by client) need no employee and no manager."""

    linked_users_pct: Percent
    service_accounts: dict[str, Logins] = Field(default_factory=dict)
    rules: Rules
    exemptions: tuple[Exemption, ...] = ()

    def settings(self) -> Iterator[tuple[str, Any]]:
        """Give every setting as section.key and value."""
        content = self.model_dump(mode="json")
        for name in ("linked_users_pct", "service_accounts", "exemptions"):
            yield f"access.{name}", content[name]
        for rule, keys in content["rules"].items():
            yield from ((f"access.{rule}.{key}", value) for key, value in keys.items())


class _File(Strict):
    linked_users_pct: Percent
    service_accounts: dict[str, Logins] = Field(default_factory=dict)
    rules: Any
    exemptions: tuple[Any, ...] = ()


def load_access(folder: Path, registry: Registry, capabilities: Mapping[str, Capability]) -> AccessPolicy:
    """Read `access.yml`; raise ConfigError that names file and entry, also for an unknown client or capability."""
    path = folder / "access.yml"
    file = validate(_File, read_yaml(path), where=str(path))
    rules = validate(Rules, file.rules, where=f"{path}: rules")
    exemptions = []
    for number, entry in enumerate(file.exemptions, start=1):
        where = f"{path}: exemption {number}"
        exemption = validate(Exemption, entry, where=where)
        registry.client(exemption.client, where=where)
        if exemption.rule not in Rules.model_fields:
            raise ConfigError(
                f"{where}: unknown rule '{exemption.rule}'.", hint=f"Known: {', '.join(Rules.model_fields)}."
            )
        exemptions.append(exemption)
    for name, clients in (
        ("service_accounts", file.service_accounts),
        ("administrator_not_named.named", rules.administrator_not_named.named),
        ("no_second_factor.mfa_at_idp", rules.no_second_factor.mfa_at_idp),
    ):
        for client_id in clients:
            registry.client(client_id, where=f"{path}: {name}")
    mixed = rules.powers_with_business
    spelled = {
        key: spell_out(words, capabilities, f"{path}: powers_with_business.{key}")
        for key, words in (("powers", mixed.powers), ("business", mixed.business))
    }
    return AccessPolicy(
        linked_users_pct=file.linked_users_pct, service_accounts=file.service_accounts, exemptions=tuple(exemptions),
        rules=rules.model_copy(update={"powers_with_business": mixed.model_copy(update=spelled)}),
    )  # fmt: skip
