"""`demo/truth.yml`, typed and strict: what is designed and planted. Not here: how it is planted."""

from __future__ import annotations

from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

TRUTH_FILE = Path(__file__).resolve().parents[1] / "truth.yml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Upgrade(_Strict):
    """When the last major version came: exactly one of the three."""

    days: int | None = None
    declared_on: date | None = None
    unknown: str | None = None

    @model_validator(mode="after")
    def _check(self) -> Upgrade:
        if sum(value is not None for value in (self.days, self.declared_on, self.unknown)) != 1:
            raise ValueError("give exactly one of days, declared_on, unknown")
        return self


class Tickets(_Strict):
    """The design of the tickets' arrival."""

    trend: Literal["declining", "growing", "flat", "too few"]
    per_week_at_start: float | None = None
    per_week_at_end: float | None = None
    season_pct: float = 0
    total: int | None = None

    @model_validator(mode="after")
    def _check(self) -> Tickets:
        has_rate = self.per_week_at_start is not None and self.per_week_at_end is not None
        if (self.trend == "too few") != (self.total is not None) or (self.trend != "too few") != has_rate:
            raise ValueError("'too few' goes with total; every other trend with per_week_at_start and per_week_at_end")
        return self


class Promise(_Strict):
    """A target that tickets of a priority, opened from a day on, were promised."""

    priority: str = ""
    from_on: date | None = None
    clock: Literal["business", "calendar"]
    response_hours: float | None = None
    resolution_hours: float | None = None


class Users(_Strict):
    """Rows of res_users by kind and state."""

    superuser: int
    internal_active: int
    internal_archived: int
    share_active: int
    share_archived: int


class Modules(_Strict):
    """Rows of ir_module_module by state."""

    installed: int
    uninstalled: int


class Traces(_Strict):
    """Days on which work went around Odoo: in the last 91 days, and before."""

    recent: int = Field(ge=0, le=91)
    earlier: int = Field(ge=0, le=91)


class Optimisations(_Strict):
    """Tasks tagged as optimisations: open and untouched for long, open and touched lately, done."""

    untouched: int
    touched: int
    done: int


class OwnModule(_Strict):
    """What the client's own module adds fields to, and what its reports tell; without lines there is no report."""

    extends: str | None = None
    covered_line_count: int = 0
    line_count: int | None = None
    test_count: int | None = None
    failed_count: int = 0


class Drift(_Strict):
    """What has grown beside Odoo's own ways."""

    server_actions: tuple[str, ...]
    automations: tuple[str, ...]
    scheduled_jobs: tuple[str, ...]
    view_fields: tuple[str, ...]  # of res.partner, named by the first view made by hand
    traces: Traces
    optimisations: Optimisations | None
    old_reports: int
    fresh_reports: int
    own_module: OwnModule


class _Change(_Strict):
    finding: Literal["none"] | None = None  # set where nothing may be reported although rows moved


class ModuleInstalled(_Change):
    change: Literal["module_installed"]
    module: str
    version: str


class ModuleUninstalled(_Change):
    change: Literal["module_uninstalled"]
    module: str


class ModuleVersionChanged(_Change):
    change: Literal["module_version_changed"]
    module: str
    version: str


class ModuleStateChanged(_Change):
    change: Literal["module_state_changed"]
    module: str
    state: Literal["to upgrade", "to remove", "to install", "uninstallable"]


class ModuleUpgradedWithoutChange(_Change):
    change: Literal["module_upgraded_without_change"]
    module: str


class ParameterChanged(_Change):
    change: Literal["parameter_changed", "parameter_added"]
    key: str
    value: str


class CronSwitchedOff(_Change):
    change: Literal["cron_switched_off"]
    cron: str


class UserTouched(_Change):
    change: Literal["user_archived", "user_logged_in", "employee_left"]
    login: str


class UserCreated(_Change):
    change: Literal["user_created"]
    login: str
    group: str


class MembershipChanged(_Change):
    change: Literal["user_added_to_group", "user_removed_from_group"]
    login: str
    group: str
    edited_from: Literal["group", "user"]  # Odoo stamps the record edited, never the membership


class GroupImplies(_Change):
    change: Literal["group_implies"]
    group: str
    implied: str


class ManualFieldAdded(_Change):
    change: Literal["manual_field_added"]
    model: str
    field: str


class ViewEdited(_Change):
    change: Literal["view_edited"]
    view: str


class PartnerCreatedAndDeleted(_Change):
    change: Literal["partner_created_and_deleted"]


class TicketsMoved(_Change):
    change: Literal["tickets_opened", "tickets_closed", "tickets_reopened", "tickets_deleted", "tickets_archived"]
    count: int = Field(ge=1)


Change = Annotated[
    ModuleInstalled
    | ModuleUninstalled
    | ModuleVersionChanged
    | ModuleStateChanged
    | ModuleUpgradedWithoutChange
    | ParameterChanged
    | CronSwitchedOff
    | UserTouched
    | UserCreated
    | MembershipChanged
    | GroupImplies
    | ManualFieldAdded
    | ViewEdited
    | PartnerCreatedAndDeleted
    | TicketsMoved,
    Field(discriminator="change"),
]


class ClientTruth(_Strict):
    """What is true of one client."""

    odoo_version: str
    base_version: str
    version_arrivals: dict[str, int]
    last_version_upgrade: Upgrade
    tickets: Tickets
    promises: tuple[Promise, ...] = ()
    users: Users
    reading_account: str | None = None
    server_build: str | None = None
    newer_on_disk: dict[str, str] = Field(default_factory=dict)
    administrators: tuple[str, ...]
    without_employee: tuple[str, ...]
    leavers_still_active: tuple[str, ...]
    without_second_factor: tuple[str, ...] | None = None  # None: the client shows no view of second factors
    modules: Modules
    manual_fields: tuple[str, ...]
    manual_models: tuple[str, ...]
    edited_views: tuple[str, ...]
    handmade_views: int
    audit_preparation_hours: float
    drift: Drift
    master_data: dict[str, tuple[str, ...]]  # rule → names of the records that it must find
    night_two: tuple[Change, ...]

    def moved(self, change: str) -> int:
        """Count the tickets that night two moves in one way: `moved("tickets_opened")`."""
        counts: Counter[str] = Counter()
        for planted in self.night_two:
            if isinstance(planted, TicketsMoved):
                counts[planted.change] += planted.count
        return counts[change]

    @property
    def after_night_two(self) -> ClientTruth:
        """Give what is true once the planted changes are applied."""
        state = self
        for planted in self.night_two:
            state = state.model_copy(update=_effect(state, planted))
        return state


def _effect(state: ClientTruth, planted: Change) -> dict[str, object]:
    match planted:
        case ModuleInstalled():
            return {"modules": _moved(state.modules, "uninstalled", "installed")}
        case ModuleUninstalled():
            return {"modules": _moved(state.modules, "installed", "uninstalled")}
        case ModuleStateChanged():
            return {"modules": _moved(state.modules, "installed", None)}
        case UserTouched(change="user_archived", login=login):
            lists = ("administrators", "without_employee", "leavers_still_active")
            kept = {name: tuple(known for known in getattr(state, name) if known != login) for name in lists}
            if state.without_second_factor is not None:
                kept["without_second_factor"] = tuple(one for one in state.without_second_factor if one != login)
            return {**kept, "users": _moved(state.users, "internal_active", "internal_archived")}
        case UserTouched(change="employee_left", login=login):
            return {"leavers_still_active": (*state.leavers_still_active, login)}
        case UserCreated(login=login, group=group):
            is_administrator = group == "base.group_system"
            return {
                "users": _moved(state.users, None, "internal_active"),
                "without_employee": (*state.without_employee, login),
                "administrators": (*state.administrators, *((login,) if is_administrator else ())),
            }
        case ManualFieldAdded(model=model, field=field):
            return {"manual_fields": (*state.manual_fields, f"{model}.{field}")}
        case ViewEdited(view=view):
            return {"edited_views": (*state.edited_views, view)}
    return {}


def _moved(counts: BaseModel, source: str | None, target: str | None) -> BaseModel:
    changes = {name: getattr(counts, name) + step for name, step in ((source, -1), (target, 1)) if name}
    return counts.model_copy(update=changes)


class Truth(_Strict):
    """The whole file."""

    clients: dict[str, ClientTruth]


@cache
def load_truth() -> Truth:
    """Read `demo/truth.yml`; pydantic's error names the client and the key it dislikes."""
    return Truth.model_validate(yaml.safe_load(TRUTH_FILE.read_text(encoding="utf-8")))
