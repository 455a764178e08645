"""`signals.yml`: from which value on a number is to be watched or acted upon. What it measures stands in the marts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from driftline.declarations import Strict, read_yaml, validate
from driftline.policies.tag import Tag

if TYPE_CHECKING:
    from pathlib import Path

Percent = Annotated[float, Field(ge=0, le=100)]
Days = Annotated[int, Field(ge=1, le=3650)]


class Thresholds(Strict):
    """From `watch` on a value is to be watched, from `act` on something is to be done."""

    watch: Annotated[float, Field(gt=0)]
    act: float

    @model_validator(mode="after")
    def _check(self) -> Thresholds:
        if self.act < self.watch:
            raise ValueError(f"act ({self.act:g}) is lower than watch ({self.watch:g})")
        return self


class VersionLag(Strict):
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


class TestCoverage(Strict):
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


class SignalsPolicy(Strict):
    """`signals.yml`."""

    workarounds: Thresholds
    version_lag: VersionLag
    optimisation_deferred: OptimisationDeferred
    reporting_ages: ReportingAges
    compliance_posture: Thresholds
    test_coverage: TestCoverage


def load_signals(folder: Path) -> SignalsPolicy:
    """Read `signals.yml`; raise ConfigError that names file and key."""
    path = folder / "signals.yml"
    return validate(SignalsPolicy, read_yaml(path), where=str(path))
