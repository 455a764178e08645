"""The way of the policies into a build: rows of `ops` under its id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from psycopg2.extras import Json, execute_values

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from driftline.policies import Policies


def hand_over(cursor: Cursor, policies: Policies, *, build_id: str) -> None:
    """Write the policies of one build where its models read them."""
    _insert(cursor, "policy_setting (build_id, setting, value)", [
        (build_id, setting, Json(value)) for setting, value in settings_of(policies)
    ])  # fmt: skip
    _insert(cursor, "planned_upgrade (build_id, client_id, target, planned_on)", [
        (build_id, it.client, it.target, it.planned_on) for it in policies.upgrades
    ])  # fmt: skip
    columns = "build_id, change_id, client_id, entity, key, from_on, until_on, approved_by, reason, ticket"
    _insert(cursor, f"approved_change ({columns})", [
        (build_id, name, it.client, it.entity, it.key, it.from_on, it.until_on, it.approved_by, it.reason, it.ticket)
        for name, it in policies.approved_changes.items()
    ])  # fmt: skip
    _insert(cursor, "ticket_policy (build_id, client_id, setting, value)", [
        (build_id, client_id, setting, Json(value)) for client_id, setting, value in policies.tickets.settings()
    ])  # fmt: skip
    columns = "build_id, client_id, position, priority, from_on, until_on, clock, response_hours, resolution_hours"
    _insert(cursor, f"ticket_target ({columns})", [
        (build_id, client_id, place, it.priority, it.from_on, it.until_on, it.clock,
         it.response_hours, it.resolution_hours)
        for client_id, place, it in policies.tickets.targets()
    ])  # fmt: skip
    _insert(cursor, "ticket_owner (build_id, home_client_id, position, kind, odoo_id, client_id)", [
        (build_id, *owner) for owner in policies.tickets.owners()
    ])  # fmt: skip


def settings_of(policies: Policies) -> Iterator[tuple[str, Any]]:
    """Give every setting as section.key and value; patterns as SQL's LIKE knows them."""
    yield "drift.self_moving_parameters", [_as_like(pattern) for pattern in policies.drift.self_moving_parameters]
    yield "drift.change_tag", policies.drift.change_tag
    yield from policies.access.settings()
    review = policies.access_review
    yield "access_review.working_hours", review.working_hours.model_dump(mode="json", by_alias=True)
    firm = {client: [_as_like(login) for login in logins] for client, logins in review.support_firm.items()}
    yield "access_review.support_firm", firm
    for name, capability in policies.capabilities.items():
        ways = [{"needs": way.needs} for way in capability.any_of]
        told = {"title": capability.title, "area": capability.area, "acts": list(capability.acts), "ways": ways}
        yield f"capability.{name}", told
    yield "sod_look_back_days", policies.sod.look_back_days
    for name, rule in policies.sod.rules.items():
        yield f"sod.{name}", rule.model_dump(mode="json")
    for section, keys in policies.signals.model_dump(mode="json").items():
        yield from ((f"{section}.{key}", value) for key, value in keys.items())
    yield from policies.masterdata.settings()
    yield "trend.flat_within_pct", policies.trend.flat_within_pct
    yield from ((f"trend.alpha_{test}", value) for test, value in policies.trend.alpha.model_dump().items())
    yield "trend.short_series_claims", [it.model_dump(mode="json") for it in policies.trend.short_series_claims]


def _as_like(pattern: str) -> str:
    escaped = pattern.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return escaped.replace("*", "%")


def _insert(cursor: Cursor, target: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        execute_values(cursor, f"insert into ops.{target} values %s", rows)
