"""Four nights over three evenings of a real Odoo 17.0, and a 19.0 beside it: read and built once for all that look.

The fourth night reads the third evening again. After each build what the marts held is kept, since the next one
replaces it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from conftest import REPOSITORY, make_settings, run_autocommit, run_sql
from driftline import night, transform
from driftline.access_what_if import WhatIf, what_if
from driftline.settings import Settings
from remote_nights import QUICK

from demo.server import OdooServer
from integration.odoo_source import FACTS, load_dump

DUMPS = ["demo-data.sql.gz", "demo-data-night2.sql.gz", "demo-data-night3.sql.gz", "demo-data-night3.sql.gz"]
NIGHTS = {number: datetime(2026, 11, 22 + number, 2, tzinfo=UTC) for number in range(1, 5)}
PROJECTS = [1, 2, 3, 4, 5, 6, 8, 9, 10, 11]
# The same evenings read from the database and over odoorpc, where stamps are cut to seconds, and as a queue of tasks.
CLIENTS = {"direct": "17.0", "network": "17.0", "tasks": "17.0", "nineteen": "19.0"}
_KEPT = {
    "tickets": ("ticket", "stage_span", "flow_quarterly", "backlog_check", "attribute_span", "home"),
    "drift": ("customisation", "upgrade_impact"),
}


@dataclass(frozen=True)
class Access:
    """The access marts of one client as one evening's build left them."""

    groups: set[tuple[int, int]]
    allowed: set[tuple[int, str, str]]
    rules: set[tuple[int, str, str, int]]  # on entitlements
    all_rules: set[tuple[int, str, str, int]]  # whether or not access rows allow
    effective: list[dict[str, Any]]
    exceptions: dict[tuple[int, str], dict[str, Any]]  # by user and rule
    conflicts: dict[tuple[int, str], dict[str, Any]]
    history: set[tuple[int, str, str, str | None]]  # user, rule, days of the evenings that opened and closed it
    deactivation_days: dict[int, float]
    not_judged: dict[str, str]
    invoicing_for: WhatIf


@dataclass(frozen=True)
class Evening:
    """One evening's source and what the build after it left, by mart and by client."""

    source: str
    moment: datetime
    marts: dict[str, list[dict[str, Any]]]
    access: dict[str, Access]


@dataclass(frozen=True)
class Evenings:
    settings: Settings
    nights: dict[int, Evening] = field(default_factory=dict)


def live(pg_server: Any, template: str, folder: Path) -> Iterator[Evenings]:
    made = ["evenings_warehouse", "evenings_19", *(f"evenings_17_{number}" for number in NIGHTS)]
    run_autocommit(pg_server.url(), f'create database "{made[0]}" template "{template}"')
    for name, version, dump in [(made[1], "19.0", DUMPS[0])] + [
        (made[number + 1], "17.0", dump) for number, dump in enumerate(DUMPS, start=1)
    ]:
        run_autocommit(pg_server.url(), f'create database "{name}"')
        load_dump(pg_server.url(name), FACTS / version / dump)
    evenings = Evenings(_settings(pg_server.url(made[0]), folder))
    for number, moment in NIGHTS.items():
        seventeen, nineteen = pg_server.url(made[number + 1]), pg_server.url(made[1])
        with _an_evening(seventeen, number) as server:
            network = f"http://admin:right@{server.host}:{server.port}/{server.database}"
            sources = {"direct": seventeen, "network": network, "tasks": seventeen, "nineteen": nineteen}
            _live_a_night(evenings.settings, f"night {number}", moment, sources)
        access = {client_id: _look_at_access(evenings.settings, client_id) for client_id in ("direct", "nineteen")}
        evenings.nights[number] = Evening(seventeen, moment, _look(evenings.settings), access)
    yield evenings
    for name in made:
        run_autocommit(pg_server.url(), f'drop database "{name}" with (force)')


def _settings(warehouse_url: str, folder: Path) -> Settings:
    entry = {"name": "Real", "timezone": "UTC", "transport": "postgres", "tickets": {"source": "helpdesk"}}
    entries = {client_id: {**entry, "odoo_version": version} for client_id, version in CLIENTS.items()}
    entries["network"] |= {"transport": "rpc", "limits": QUICK, "company_count": 1}
    entries["tasks"]["tickets"] = {"source": "project", "projects": PROJECTS}
    (folder / "clients.yml").write_text(yaml.safe_dump({"clients": entries}))
    policies = shutil.copytree(REPOSITORY / "config" / "policies", folder / "policies")
    text = (policies / "access.yml").read_text()
    assert "named: {}" in text
    (policies / "access.yml").write_text(text.replace("named: {}", "named: {direct: [admin], nineteen: [admin]}"))
    return replace(
        make_settings(warehouse_url), clients_file=folder / "clients.yml", build_folder=folder / "build",
        policies_from=policies,
    )  # fmt: skip


def _an_evening(url: str, number: int) -> OdooServer:
    """Serve a database with the clock that its server had, minutes after the last edit, and later each evening."""
    tables = ("ir_ui_view", "ir_module_module", "res_users", "ir_config_parameter", "ir_model_access", "ir_cron")
    latest = " union all ".join(f"select max(write_date) as at from {table}" for table in tables)
    seconds = run_sql(url, f"select extract(epoch from max(at) - now() at time zone 'UTC') from ({latest}) x")[0][0]
    return OdooServer(
        url, version="17.0", users={"admin": "right"}, server_version="17.0-20240709",
        clock_offset_seconds=float(seconds) + 120 * number,
    )  # fmt: skip


def _live_a_night(settings: Settings, night_id: str, moment: datetime, sources: dict[str, str]) -> None:
    night.plan(settings, night_id=night_id, now=moment, conf={})
    for client_id, url in sources.items():
        night.read_client(settings, night_id=night_id, client_id=client_id, connection=url)
    night.finish(settings, night_id=night_id)
    now = moment + timedelta(hours=3)
    transform.build(settings, night_id=night_id, as_of_at=None, quarter=None, now=now)


def _look(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    return {
        mart: [row for (row,) in run_sql(settings.warehouse_url, f"select to_jsonb(t) from {schema}.{mart} t")]
        for schema, marts in _KEPT.items() for mart in marts
    }  # fmt: skip


def _look_at_access(settings: Settings, client_id: str) -> Access:
    url = settings.warehouse_url
    allowed = run_sql(
        url, "select odoo_user_id, model, operation from access.entitlement where client_id = %s", client_id
    )
    rules = run_sql(
        url,
        "select odoo_user_id, model, operation, unnest(rule_ids) from access.entitlement where client_id = %s",
        client_id,
    )
    all_rules = run_sql(
        url,
        "select u.odoo_user_id, r.model, r.operation, r.rule_id from staging.int_access__user_set u"
        " join staging.int_access__set_group g using (client_id, group_set_id)"
        " join staging.int_access__restriction r using (client_id, odoo_group_id)"
        " where client_id = %s and is_held and u.odoo_user_id <> 1",
        client_id,
    )
    held = run_sql(url, "select to_jsonb(e) from access.effective_group e where client_id = %s order by 1", client_id)
    effective = [row for (row,) in held]
    assert len(allowed) == len(set(allowed))
    found = {
        table: {(row["odoo_user_id"], row["rule"]): row for (row,) in run_sql(
            url, f"select to_jsonb(t) from access.{table} t where client_id = %s", client_id)}
        for table in ("exception", "sod_conflict")
    }  # fmt: skip
    not_judged = dict(run_sql(
        url, "select rule, reason from access.rule where client_id = %s and not is_judged", client_id))  # fmt: skip
    history = run_sql(
        url,
        "select odoo_user_id, rule, opened_at::date::text, closed_at::date::text from access.exception_history"
        " where client_id = %s",
        client_id,
    )
    days = "select odoo_user_id, deactivation_days from access.user where client_id = %s and is_deactivation_seen"
    return Access(
        history=set(history), deactivation_days=dict(run_sql(url, days, client_id)),
        groups={(row["odoo_user_id"], row["odoo_group_id"]) for row in effective}, allowed=set(allowed),
        rules=set(rules), all_rules=set(all_rules), effective=effective, exceptions=found["exception"],
        conflicts=found["sod_conflict"], not_judged=not_judged,
        invoicing_for=what_if(settings, client_id=client_id, user="demo", group="account.group_account_invoice"),
    )  # fmt: skip
