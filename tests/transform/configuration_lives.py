"""Clients whose configuration lives through five nights, each with one story, and what the stories must come to."""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from driftline.catalogue import load_catalogue

from tests.transform.world import World, at

NIGHTS = [at(f"2026-11-0{number} 02:00") for number in range(1, 6)]
Rows = dict[str, dict[int, dict[str, Any]]]
# What a finding is known by here: night it was seen in, kind, model, what.
Finding = tuple[int, str, str, str]


@dataclass
class Life:
    """One client: its tables now, and what must be found by the end."""

    client_id: str
    tables: Rows = field(default_factory=dict)
    gross: Counter[Finding] = field(default_factory=Counter)
    net: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    unread: tuple[int, ...] = ()
    backup: Rows = field(default_factory=dict)
    story: Callable[[Life, int], None] = lambda life, number: None

    def put(self, table: str, row_id: int, *, by: int | None = 2, when: datetime | None = None, **values: Any) -> None:
        """Make a record or write to it, with Odoo's stamps."""
        rows = self.tables.setdefault(table, {})
        old = rows.get(row_id)
        made = {"create_uid": by, "create_date": when} if old is None else {}
        rows[row_id] = {**(old or {}), **made, "write_uid": by, "write_date": when, **values}

    def drop(self, table: str, row_id: int) -> None:
        del self.tables[table][row_id]

    def owned(self, table: str, row_id: int, module: str, *, model: str, noupdate: bool = False) -> None:
        """Give a record the external id of a module."""
        number = len(self.tables.setdefault("ir_model_data", {})) + 1
        name = f"{table}_{row_id}"
        self.tables["ir_model_data"][number] = {
            "module": module, "name": name, "model": model, "res_id": row_id, "noupdate": noupdate, "create_uid": 1,
        }  # fmt: skip

    def found(self, number: int, kind: str, entity: str, what: str) -> None:
        self.gross[number, kind, entity, what] += 1

    def left(self, kind: str, entity: str, what: str) -> None:
        self.net[kind, entity, what] += 1


def moment(number: int, minute: int = 0) -> datetime:
    """An instant on the day before a night, when somebody worked."""
    return NIGHTS[number - 1] - timedelta(hours=12) + timedelta(minutes=minute, microseconds=137)


def everybody() -> list[Life]:
    stories = [
        _set_back, _twice_a_day, _remade, _renamed, _restored, _redeployed, _upgraded, _not_read, _dependants,
        _moved_by_itself, _memberships, _approved,
    ]  # fmt: skip
    lives = [Life(story.__name__.strip("_"), story=story) for story in stories]
    lives[7].unread = (2,)
    for seed in range(8):
        lives.append(Life(f"random_{seed}", story=_at_random(random.Random(seed))))
    for life in lives:
        _what_every_odoo_has(life)
    return lives


def _what_every_odoo_has(life: Life) -> None:
    for row_id, name, version in [(1, "base", "17.0.1.3"), (2, "sale", "17.0.1.0"), (3, "stock", "17.0.1.0")]:
        life.put(
            "ir_module_module", row_id, by=1, when=moment(1), name=name, state="installed", latest_version=version,
            author="Odoo S.A.", auto_install=False,
        )  # fmt: skip
    life.put("ir_config_parameter", 1, when=moment(1), key="web.base.url", value="https://old.example")
    for row_id in (11, 12, 13):
        life.put("ir_ui_view", row_id, by=1, when=moment(1), name=f"view {row_id}", arch_md5="a", active=True)
        life.owned("ir_ui_view", row_id, "sale", model="ir.ui.view")
    life.put("res_users", 2, by=1, when=moment(1), login="admin", active=True)


def _set_back(life: Life, number: int) -> None:
    if number in (2, 4):
        value = {2: "https://new.example", 4: "https://old.example"}[number]
        life.put("ir_config_parameter", 1, when=moment(number), value=value)
        life.found(number, "changed", "ir.config_parameter", "web.base.url")


def _twice_a_day(life: Life, number: int) -> None:
    if number == 3:
        # Of two changes to one record the night sees where they led; two records are two findings.
        life.put("ir_config_parameter", 1, when=moment(3, 1), value="https://between.example")
        life.put("ir_config_parameter", 1, when=moment(3, 2), value="https://last.example")
        life.put("ir_ui_view", 11, when=moment(3, 3), arch_md5="b")
        life.found(3, "changed", "ir.config_parameter", "web.base.url")
        life.found(3, "changed", "ir.ui.view", "view 11")
        life.left("changed", "ir.config_parameter", "web.base.url")
        life.left("changed", "ir.ui.view", "view 11")


def _remade(life: Life, number: int) -> None:
    if number == 1:
        for row_id in (1, 2):
            life.put("ir_filters", row_id, when=moment(1), name=f"filter {row_id}", domain_md5="a", active=True)
    if number == 3:
        for row_id, digest in ((1, "a"), (2, "b")):
            life.drop("ir_filters", row_id)
            life.put("ir_filters", row_id + 10, when=moment(3), name=f"filter {row_id}", domain_md5=digest, active=True)
            life.found(3, "recreated", "ir.filters", f"filter {row_id}")
        life.left("recreated", "ir.filters", "filter 2")


def _renamed(life: Life, number: int) -> None:
    if number == 1:
        life.put(
            "ir_module_module", 4, by=1, when=moment(1), name="acme_old", state="installed", latest_version="17.0.1.0",
            author="Acme", auto_install=False,
        )  # fmt: skip
        life.put("ir_cron", 5, by=1, when=moment(1), cron_name="Sync", active=True, interval_number=1)
        life.owned("ir_cron", 5, "acme_old", model="ir.cron")
    if number == 2:
        life.put("ir_module_module", 4, by=1, when=moment(2), name="acme_new")
        for row in life.tables["ir_model_data"].values():
            row["module"] = row["module"].replace("acme_old", "acme_new")
        life.found(2, "renamed", "ir.module.module", "acme_new")
        life.left("renamed", "ir.module.module", "acme_new")


def _restored(life: Life, number: int) -> None:
    if number == 1:
        life.put("ir_sequence", 3, when=moment(1), name="Orders", prefix="SO")
    if number == 3:
        life.backup = copy.deepcopy(life.tables)
        life.put("ir_sequence", 3, when=moment(3), prefix="ORD")
        life.put("ir_exports", 7, when=moment(3, 5), name="Orders", resource="sale.order")
        life.put("ir_config_parameter", 1, when=moment(3, 9), value="https://elsewhere.example")
        life.found(3, "changed", "ir.sequence", "Orders")
        life.found(3, "created", "ir.exports", "Orders")
        life.found(3, "changed", "ir.config_parameter", "web.base.url")
    if number == 4:
        # The backup of the second night comes back with its values and its stamps.
        life.tables = life.backup
        life.found(4, "changed", "ir.sequence", "Orders")
        life.found(4, "deleted", "ir.exports", "Orders")
        life.found(4, "changed", "ir.config_parameter", "web.base.url")


def _redeployed(life: Life, number: int) -> None:
    if number == 2:
        for row_id in (11, 12):
            life.put("ir_ui_view", row_id, by=1, when=moment(2), arch_md5="code")
        life.put("ir_ui_view", 13, when=moment(2, 9), arch_md5="hand")
        life.found(2, "redeployed", "ir.module.module", "sale")
        life.found(2, "changed", "ir.ui.view", "view 13")
    if number == 3:
        # Now with a new version, which is a cause of its own and takes the edit by hand back.
        life.put("ir_module_module", 2, by=1, when=moment(3, 2), latest_version="17.0.1.1")
        life.put("ir_ui_view", 13, by=1, when=moment(3, 1), arch_md5="code")
        life.found(3, "version changed", "ir.module.module", "sale")
        life.left("version changed", "ir.module.module", "sale")


def _upgraded(life: Life, number: int) -> None:
    if number == 1:
        life.put(
            "account_tax", 1, when=moment(1), name="VAT", amount=19, price_include=True, price_include_override=None
        )
    if number == 4:
        for row_id, version in ((1, "18.0.1.3"), (2, "18.0.1.2"), (3, "18.0.1.1")):
            life.put("ir_module_module", row_id, by=1, when=moment(4, row_id), latest_version=version)
        life.put("ir_ui_view", 11, by=1, when=moment(4, 2), arch_md5="eighteen")
        life.put("account_tax", 1, by=1, when=moment(4, 2), price_include=None, price_include_override="tax_included")
        life.found(4, "upgraded", "ir.module.module", "base")
        life.left("upgraded", "ir.module.module", "base")


def _not_read(life: Life, number: int) -> None:
    if number == 3:
        life.put("ir_config_parameter", 1, when=moment(2), value="https://late.example")
        life.found(3, "changed", "ir.config_parameter", "web.base.url")
        life.left("changed", "ir.config_parameter", "web.base.url")


def _dependants(life: Life, number: int) -> None:
    needs = {20: ["base"], 21: ["shop"], 22: ["shop", "stock"]}
    if number == 1:
        for row_id, name, is_auto in ((20, "shop", False), (21, "shop_site", False), (22, "shop_stock", True)):
            life.put(
                "ir_module_module", row_id, by=1, when=moment(1), name=name, state="uninstalled", latest_version=None,
                author="Acme", auto_install=is_auto,
            )  # fmt: skip
        pairs = [(row_id, name) for row_id, names in needs.items() for name in names]
        for key, (row_id, name) in enumerate(pairs, start=1):
            life.tables.setdefault("ir_module_module_dependency", {})[key] = {"module_id": row_id, "name": name}
    if number == 2:
        # shop_site was asked for; shop is what it needs; shop_stock installs itself.
        for row_id in needs:
            life.put("ir_module_module", row_id, by=1, when=moment(2, row_id), state="installed", latest_version="1.0")
        life.found(2, "installed", "ir.module.module", "shop_site")
    if number == 5:
        for row_id in needs:
            life.put("ir_module_module", row_id, by=1, when=moment(5), state="uninstalled", latest_version=None)
        life.found(5, "uninstalled", "ir.module.module", "shop")


def _moved_by_itself(life: Life, number: int) -> None:
    if number == 1:
        life.put("ir_config_parameter", 2, when=moment(1), key="database.expiration_date", value="2027-01-01")
        life.put("ir_cron", 5, by=1, when=moment(1), cron_name="Mail", active=True, interval_number=1)
        life.put("mail_alias", 6, when=moment(1), alias_name=None, alias_contact="everyone")
    if number >= 2:
        life.put("ir_config_parameter", 2, when=moment(number), value=f"2027-0{number}-01")
        life.put("ir_cron", 5, by=1, when=moment(number), nextcall=moment(number, 7))
        life.put("ir_ui_view", 11, by=1, when=moment(number))
    if number == 2:
        life.put("ir_sequence", 9, by=1, when=moment(1), name="Invoices", number_next=1)
        life.found(2, "created", "ir.sequence", "Invoices")
        life.left("created", "ir.sequence", "Invoices")
    if number == 3:
        # Nobody can write to an address without a name; one that gets a name is new.
        life.put("mail_alias", 6, when=moment(3), alias_name="sales")
        life.tables["ir_sequence"][9]["number_next"] = 2
        life.found(3, "created", "mail.alias", "sales")
    if number == 4:
        life.put("mail_alias", 6, when=moment(4), alias_name=None)
        life.found(4, "deleted", "mail.alias", "sales")


def _memberships(life: Life, number: int) -> None:
    members = life.tables.setdefault("res_groups_users_rel", {})
    implied = life.tables.setdefault("res_groups_implied_rel", {})
    if number == 1:
        for row_id, name in ((7, "User"), (8, "Manager"), (9, "Billing")):
            life.put("res_groups", row_id, by=1, when=moment(1), name=name)
        life.put("res_users", 5, when=moment(1), login="ann", active=True)
        members[2, 7] = {}
        implied[8, 7] = {}
    if number == 2:
        # With the manager's group Odoo writes down the user's, which it implies.
        members[5, 8], members[5, 7] = {}, {}
        life.found(2, "created", "res.groups.users.rel", "ann in group Manager")
        life.left("created", "res.groups.users.rel", "ann in group Manager")
    if number == 3:
        # Whoever is in the user's group is now in the billing group, too.
        implied[7, 9] = {}
        members[2, 9], members[5, 9] = {}, {}
        life.found(3, "created", "res.groups.implied.rel", "group User implies Billing")
        life.left("created", "res.groups.implied.rel", "group User implies Billing")
    if number == 4:
        life.put("res_users", 6, when=moment(4), login="new", active=True)
        members[6, 8], members[6, 7], members[6, 9] = {}, {}, {}
        life.found(4, "created", "res.users", "new")
        life.left("created", "res.users", "new")


def _approved(life: Life, number: int) -> None:
    if number == 1:
        life.put("ir_cron", 5, by=1, when=moment(1), cron_name="Nightly sync", active=True, interval_number=1)
        life.put("ir_cron", 6, by=1, when=moment(1), cron_name="Hourly sync", active=True, interval_number=1)
        life.tables["project_tags"] = {1: {"name": "Approved change"}}
    if number == 2:
        life.put("ir_config_parameter", 1, when=moment(2), value="https://decided.example")
        for row_id, name in ((5, "Nightly sync"), (6, "Hourly sync")):
            life.put("ir_cron", row_id, when=moment(2, row_id), active=False)
            life.found(2, "changed", "ir.cron", name)
            life.left("changed", "ir.cron", name)
        life.found(2, "changed", "ir.config_parameter", "web.base.url")
        life.left("changed", "ir.config_parameter", "web.base.url")
        life.put("project_task", 40, when=moment(1, 60), name="Switch off the Nightly SYNC until the move")
        life.tables["project_task"][40]["create_date"] = moment(1, 60)
        life.tables["project_tags_project_task_rel"] = {(40, 1): {}}


def _at_random(rng: random.Random) -> Callable[[Life, int], None]:
    """Parameters that come, change and go; what must be found is kept beside, by key instead of by row."""
    keys = [f"key.{letter}" for letter in "abcdef"]
    ids = iter(range(100, 1000))
    first: dict[str, tuple[int, str]] = {}
    now: dict[str, tuple[int, str]] = {}

    def story(life: Life, number: int) -> None:
        for key in keys:
            act = rng.choice(["nothing", "nothing", "write", "write", "drop"])
            if number == 1:
                act = rng.choice(["nothing", "write"])
            value = rng.choice("xyz")
            if act == "write" and key not in now:
                now[key] = (next(ids), value)
                life.put("ir_config_parameter", now[key][0], when=moment(number), key=key, value=value)
                if number > 1:
                    life.found(number, "created", "ir.config_parameter", key)
            elif act == "write":
                is_same = now[key][1] == value
                now[key] = (now[key][0], value)
                life.put("ir_config_parameter", now[key][0], when=moment(number), value=value)
                if not is_same and number > 1:
                    life.found(number, "changed", "ir.config_parameter", key)
            elif act == "drop" and key in now:
                life.drop("ir_config_parameter", now.pop(key)[0])
                life.found(number, "deleted", "ir.config_parameter", key)
        if number == 1:
            first.update(now)
        if number == len(NIGHTS):
            for key in keys:
                if kind := _net_kind(first.get(key), now.get(key)):
                    life.left(kind, "ir.config_parameter", key)

    return story


def _net_kind(before: tuple[int, str] | None, after: tuple[int, str] | None) -> str | None:
    if before is None or after is None:
        return "created" if after else "deleted" if before else None
    if before[1] == after[1]:
        return None
    return "changed" if before[0] == after[0] else "recreated"


def live(world: World, lives: list[Life], after_night: Callable[[int], None]) -> None:
    """Let all nights pass: each life's story, its rows into `raw` as a reading leaves them, then `after_night`."""
    watched = [entry.model for entry in load_catalogue() if entry.configuration]
    landed: dict[str, Rows] = {life.client_id: {} for life in lives}
    for life in lives:
        world.client(life.client_id, timezone="UTC", registered_at=NIGHTS[0])
    for number, as_of_at in enumerate(NIGHTS, start=1):
        night_id, read_at = f"night {number}", as_of_at + timedelta(minutes=20)
        world.night(night_id, as_of_at, [life.client_id for life in lives])
        for life in lives:
            life.story(life, number)
            if number in life.unread:
                world.read(night_id, life.client_id, read_at=read_at, error="connection refused")
                continue
            world.read(night_id, life.client_id, read_at=read_at)
            _land(world, life, landed, as_of_at=as_of_at, read_at=read_at)
        if number == 1:
            for life in lives:
                world.watch(life.client_id, watched, night_id=night_id, read_at=read_at)
        after_night(number)


def _land(world: World, life: Life, landed: dict[str, Rows], *, as_of_at: datetime, read_at: datetime) -> None:
    before = landed[life.client_id]
    keys = {entry.table: entry.key for entry in load_catalogue()}
    for table in {*before, *life.tables}:
        old, new = before.get(table, {}), life.tables.get(table, {})
        named = {row_id: dict(zip(keys[table], _as_key(row_id), strict=True)) for row_id in {*old, *new}}
        for row_id in old.keys() - new.keys():
            _update(world, life.client_id, table, named[row_id], {"_deleted_at": as_of_at, "_read_at": read_at})
        for row_id in new:
            if row_id not in old and not _exists(world, life.client_id, table, named[row_id]):
                world.raw(life.client_id, table, [{**named[row_id], **new[row_id]}], read_at=read_at)
            elif old.get(row_id) != new[row_id]:
                values = {**new[row_id], "_deleted_at": None, "_read_at": read_at}
                _update(world, life.client_id, table, named[row_id], values)
    landed[life.client_id] = copy.deepcopy(life.tables)


def _as_key(row_id: object) -> tuple[object, ...]:
    return row_id if isinstance(row_id, tuple) else (row_id,)


def _exists(world: World, client_id: str, table: str, key: dict[str, object]) -> bool:
    where = " and ".join(f"{name} = %s" for name in key)
    return bool(world.rows(f"select from raw.{table} where client_id = %s and {where}", client_id, *key.values()))


def _update(world: World, client_id: str, table: str, key: dict[str, object], values: dict[str, object]) -> None:
    sets = ", ".join(f"{name} = %s" for name in values)
    where = " and ".join(f"{name} = %s" for name in key)
    query = f"update raw.{table} set {sets} where client_id = %s and {where}"
    world.rows(query, *values.values(), client_id, *key.values())
