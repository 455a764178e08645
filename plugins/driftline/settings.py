"""Everything that comes from the environment, read once and handed down. No other module reads `os.environ`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from driftline.addresses import to_libpq_url
from driftline.errors import ConfigError

_REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Settings:
    """Where things are and how to reach them.

    `warehouse_url` and `hash_salt` are secrets: they have no place in a repr, a log or an argument list.
    `alert_urls` are told of everything; `alert_routes` are those that clients name.
    `test_reports` is where clients' test reports are dropped: a folder or an object store's URL, one folder per client.
    `connections` maps upper-case `AIRFLOW_CONN_*` names to their raw values (URI or JSON).
    """

    home: Path
    clients_file: Path
    build_folder: Path
    warehouse_url: str = field(repr=False)
    hash_salt: str = field(repr=False)
    alert_urls: tuple[str, ...] = field(repr=False, default=())
    alert_routes: Mapping[str, tuple[str, ...]] = field(repr=False, default_factory=dict)
    test_reports: str | None = None
    connections: Mapping[str, str] = field(repr=False, default_factory=dict)
    night_hours: float = 6.0  # after so many, a night goes on without the clients that are still being read
    policies_from: Path | None = None

    @property
    def dbt_project_folder(self) -> Path:
        return self.home / "dbt_project"

    @property
    def expectations_folder(self) -> Path:
        return self.home / "expectations"

    @property
    def policies_folder(self) -> Path:
        return self.policies_from or self.home / "config" / "policies"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the settings; raise ConfigError naming the variable that is missing."""
        env = os.environ if environment is None else environment
        home = Path(env.get("DRIFTLINE_HOME") or _REPOSITORY)
        return cls(
            home=home,
            clients_file=Path(env.get("DRIFTLINE_CLIENTS_FILE") or home / "config" / "clients.yml"),
            build_folder=Path(env.get("DRIFTLINE_BUILD_DIR") or home / "build"),
            warehouse_url=_warehouse_url(env),
            hash_salt=_required(env, "DRIFTLINE_HASH_SALT", "a long random text that salts hashes of secrets; keep it"),
            alert_urls=tuple(env.get("DRIFTLINE_ALERT_URLS", "").split()),
            alert_routes=_routes(env.get("DRIFTLINE_ALERT_ROUTES", "")),
            test_reports=env.get("DRIFTLINE_TEST_REPORTS") or None,
            night_hours=_hours(env.get("DRIFTLINE_NIGHT_HOURS")),
            policies_from=Path(env["DRIFTLINE_POLICIES_DIR"]) if env.get("DRIFTLINE_POLICIES_DIR") else None,
            connections={name: value for name, value in env.items() if name.startswith("AIRFLOW_CONN_")},
        )


def has_warehouse(environment: Mapping[str, str] | None = None) -> bool:
    """Say whether the environment names a warehouse at all."""
    env = os.environ if environment is None else environment
    return any(env.get(name) for name in ("DRIFTLINE_WAREHOUSE_URL", "AIRFLOW_CONN_DRIFTLINE_WAREHOUSE"))


def _warehouse_url(env: Mapping[str, str]) -> str:
    if (raw := env.get("AIRFLOW_CONN_DRIFTLINE_WAREHOUSE")) and not env.get("DRIFTLINE_WAREHOUSE_URL"):
        return to_libpq_url(raw, where="AIRFLOW_CONN_DRIFTLINE_WAREHOUSE")
    return _required(
        env, "DRIFTLINE_WAREHOUSE_URL", "the warehouse as a libpq URL: postgresql://user:password@host/name"
    )


def _routes(text: str) -> dict[str, tuple[str, ...]]:
    routes: dict[str, tuple[str, ...]] = {}
    for place, entry in enumerate(text.split(), start=1):
        name, _, url = entry.partition("=")
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name) or not url:
            # The entry itself may hold a token.
            raise ConfigError(
                f"environment: DRIFTLINE_ALERT_ROUTES: entry {place} is not a route's name and address.",
                hint="Expected name=address, separated by blanks; a name twice has two addresses.",
            )
        routes[name] = (*routes.get(name, ()), url)
    return routes


def _hours(text: str | None) -> float:
    if not text:
        return Settings.night_hours
    try:
        hours = float(text)
    except ValueError:
        hours = 0.0
    if not 0 < hours <= 24:
        raise ConfigError(
            f"environment: DRIFTLINE_NIGHT_HOURS '{text}' is no number of hours.", hint="Expected above 0, at most 24."
        )
    return hours


def _required(env: Mapping[str, str], name: str, meaning: str) -> str:
    value = env.get(name)
    if not value:
        raise ConfigError(f"environment: {name} is not set.", hint=f"Set it to {meaning}.")
    return value
