"""The policies in `config/policies/` that marts are judged by: typed, strict, and handed to a build as rows of `ops`.

Rows rather than variables of dbt: they stay beside the build that used them, so that an old verdict can be explained.
What the thresholds mean stands in the marts that use them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from psycopg2.extras import Json, execute_values
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from driftline.declarations import read_yaml, validate
from driftline.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from psycopg2.extensions import cursor as Cursor

Percent = Annotated[float, Field(ge=0, le=100)]
Days = Annotated[int, Field(ge=1, le=3650)]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, to_lower=True)]

SIGNALS_FILE, UPGRADES_FILE = "signals.yml", "upgrades.yml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Thresholds(_Strict):
    """From `watch` on a value is to be watched, from `act` on something is to be done."""

    watch: Annotated[float, Field(gt=0)]
    act: float

    @model_validator(mode="after")
    def _check(self) -> Thresholds:
        if self.act < self.watch:
            raise ValueError(f"act ({self.act:g}) is lower than watch ({self.watch:g})")
        return self


class VersionLag(_Strict):
    """Majors behind the latest stable release, and days of standard support left."""

    watch_majors_behind: Annotated[int, Field(ge=1)]
    act_majors_behind: int
    watch_support_days: Days

    @model_validator(mode="after")
    def _check(self) -> VersionLag:
        if self.act_majors_behind < self.watch_majors_behind:
            raise ValueError("act_majors_behind is lower than watch_majors_behind")
        return self


class OptimisationDeferred(Thresholds):
    """Which tasks are optimisations, and when one counts as untouched."""

    untouched_days: Days
    tags: Annotated[tuple[Tag, ...], Field(min_length=1)]


class ReportingAges(Thresholds):
    """When a report counts as old."""

    unchanged_days: Days


class TestCoverage(_Strict):
    """What coverage is good, what is not, and how much must be known."""

    good_from_pct: Percent
    act_below_pct: Percent
    known_weight_pct: Percent
    report_expires_days: Days

    @model_validator(mode="after")
    def _check(self) -> TestCoverage:
        if self.good_from_pct < self.act_below_pct:
            raise ValueError("good_from_pct is lower than act_below_pct")
        return self


class SignalsPolicy(_Strict):
    """`signals.yml`."""

    workarounds: Thresholds
    version_lag: VersionLag
    optimisation_deferred: OptimisationDeferred
    reporting_ages: ReportingAges
    compliance_posture: Thresholds
    test_coverage: TestCoverage

    def settings(self) -> Iterator[tuple[str, Any]]:
        """Give every setting as section.key and value."""
        for section, keys in self.model_dump(mode="json").items():
            yield from ((f"{section}.{key}", value) for key, value in keys.items())


class PlannedUpgrade(_Strict):
    """One upgrade that was planned: to a series, or `update` for security and minor updates."""

    client: str
    target: Annotated[str, StringConstraints(pattern=r"^(\d{2}\.0|update)$")]
    planned_on: date


class _UpgradesFile(_Strict):
    planned: tuple[Any, ...]


def load_signals(folder: Path) -> SignalsPolicy:
    """Read `signals.yml`; raise ConfigError that names file and key."""
    path = folder / SIGNALS_FILE
    return validate(SignalsPolicy, read_yaml(path), where=str(path))


def load_upgrades(folder: Path) -> tuple[PlannedUpgrade, ...]:
    """Read `upgrades.yml`; raise ConfigError that names file and entry."""
    path = folder / UPGRADES_FILE
    entries = validate(_UpgradesFile, read_yaml(path), where=str(path)).planned
    planned: list[PlannedUpgrade] = []
    for number, entry in enumerate(entries, start=1):
        upgrade = validate(PlannedUpgrade, entry, where=f"{path}: planned upgrade {number}")
        if upgrade in planned:
            raise ConfigError(f"{path}: planned upgrade {number}: stands there twice.")
        planned.append(upgrade)
    return tuple(planned)


def hand_over(cursor: Cursor, folder: Path, *, build_id: str) -> None:
    """Write the policies of one build into `ops`; an upgrade planned for a client that is not registered is refused."""
    signals, upgrades = load_signals(folder), load_upgrades(folder)
    cursor.execute("select client_id from ops.client")
    known = {client_id for (client_id,) in cursor.fetchall()}
    for upgrade in upgrades:
        if upgrade.client not in known:
            raise ConfigError(
                f"{folder / UPGRADES_FILE}: no client '{upgrade.client}'.",
                hint=f"Known: {', '.join(sorted(known)) or 'none yet'}.",
            )
    execute_values(
        cursor,
        "insert into ops.policy_setting (build_id, setting, value) values %s",
        [(build_id, setting, Json(value)) for setting, value in signals.settings()],
    )
    if upgrades:
        execute_values(
            cursor,
            "insert into ops.planned_upgrade (build_id, client_id, target, planned_on) values %s",
            [(build_id, upgrade.client, upgrade.target, upgrade.planned_on) for upgrade in upgrades],
        )
